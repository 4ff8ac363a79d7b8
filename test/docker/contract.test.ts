import { afterAll, beforeAll, describe, onTestFinished } from "vitest";
import { ContainerMachine } from "#kinds/docker/containerMachine.ts";
import { openDockerNginx } from "#kinds/docker/dockerNginx.ts";
import { FileKeeper } from "#kinds/docker/fileKeeper.ts";
import { openDockerHost } from "#kinds/docker/openDockerHost.ts";
import { openEngine } from "#kinds/docker/openEngine.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { describeAppHost, type NewHost } from "../contract/appHost.ts";
import { describeMachine } from "../contract/machine.ts";
import { nodeAppImage } from "../support/docker/nodeAppImage.ts";

const HOSTS = 17;
const reason = await noDocker();

describe.skipIf(reason)(`in a container${reason ? ` (${reason})` : ""}`, { timeout: 60_000 }, () => {
  let fleet: DockerFleet;
  let keeper: FileKeeper;
  let nginx: ReturnType<typeof openDockerNginx>["server"]["access"];
  let app: { readonly image: string; readonly java: string };
  let count = 0;
  const engine = openEngine("");

  beforeAll(async () => {
    fleet = await DockerFleet.create(HOSTS);
    app = await nodeAppImage(fleet.images.jre);
    const volumes = fleet.hosts.map(({ volume }) => volume);
    keeper = new FileKeeper(engine, volumes, fleet.proxy.container);
    nginx = openDockerNginx(engine, fleet.proxy).server.access;
  }, 300_000);

  afterAll(async () => {
    await nginx?.close();
    await keeper?.close();
    await fleet?.remove();
    if (app) await docker(["image", "rm", app.image]);
  }, 120_000);

  async function open(): Promise<NewHost> {
    const place = fleet.hosts[count++];
    if (!place) throw new Error(`more than ${HOSTS} hosts are asked for`);
    const parts = openDockerHost(engine, keeper, nginx, place);
    onTestFinished(async () => void (await parts.supervisor.stop(0)));
    const container = { image: app.image, user: "10001:10001", memoryMegabytes: 0, milliCpus: 0 };
    return {
      parts,
      machine: keeper,
      directory: keeper.folderOf(place.volume),
      launch: { java: app.java, jvmOptions: [], arguments: [], container },
    };
  }

  describeMachine(async () => ({
    machine: new ContainerMachine(engine, fleet.proxy.container),
    // The engine's end of the network, which is on this machine.
    address: await docker([
      "inspect",
      "--format",
      "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}",
      fleet.proxy.container,
    ]),
  }));
  describeAppHost({ open, workDirectory: () => "/tmp" });
});
