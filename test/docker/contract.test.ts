import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ContainerMachine } from "#kinds/docker/containerMachine.ts";
import { openDockerNginx } from "#kinds/docker/dockerNginx.ts";
import { FileKeeper } from "#kinds/docker/fileKeeper.ts";
import { openDockerHost } from "#kinds/docker/openDockerHost.ts";
import { openEngine } from "#kinds/engine/openEngine.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { describeAppHost, type NewHost, run, stopAll } from "../contract/appHost.ts";
import { describeMachine } from "../contract/machine.ts";
import { describeSecondSlot, runBeside, slotsOf } from "../contract/secondSlot.ts";
import { nodeAppImage } from "../support/docker/nodeAppImage.ts";

const HOSTS = 25;
const reason = await noDocker();

describe.skipIf(reason)(`in a container${reason ? ` (${reason})` : ""}`, { timeout: 60_000 }, () => {
  let fleet: DockerFleet;
  let keeper: FileKeeper;
  let nginx: ReturnType<typeof openDockerNginx>["server"]["access"];
  let app: { readonly image: string; readonly java: string };
  let count = 0;
  const engine = openEngine("");

  beforeAll(async () => {
    fleet = await DockerFleet.create(HOSTS, {}, { second: true });
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
    onTestFinished(() => stopAll(parts));
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
  const kind = { open, workDirectory: () => "/tmp" };
  describeAppHost(kind);
  describeSecondSlot(kind);

  describe("the containers of a host", () => {
    const inNetwork = (name: string) =>
      fleet.exec(
        fleet.proxy.container,
        "sh",
        "-c",
        'getent ahostsv4 "$1" | cut -d " " -f 1 | sort -u',
        "sh",
        name,
      );

    test("share its name in the network, which never means an empty slot", async () => {
      const { host, second } = slotsOf(await open());
      await run(host, { version: "1.0.0" });
      expect(await inNetwork(host.name)).toBe(host.address);
      await runBeside(host, second, { version: "2.0.0" });
      expect((await inNetwork(host.name)).split("\n").sort()).toEqual([host.address, second.address].sort());
      await host.stopForGood(10);
      expect(await inNetwork(host.name)).toBe(second.address);
    });

    test("are restarted by Docker only where they serve", async () => {
      const { host, second } = slotsOf(await open());
      // An empty name means the same as no.
      const policyOf = ({ logPlace }: { readonly logPlace: string }) =>
        fleet.inspect(logPlace.replace("docker logs ", ""), '{{or .HostConfig.RestartPolicy.Name "no"}}');
      const policies = () => Promise.all([host, second].map(policyOf));
      await run(host, { version: "1.0.0" });
      await host.keepRunning();
      await runBeside(host, second, { version: "2.0.0" });
      expect(await policies()).toEqual(["unless-stopped", "no"]);
      await second.keepRunning();
      await host.stopForGood(10);
      expect(await policies()).toEqual(["no", "unless-stopped"]);
    });

    test("need as much memory as their limit allows", async () => {
      const opened = await open();
      const { container } = opened.launch;
      const limited = {
        ...opened.launch,
        ...(container && { container: { ...container, memoryMegabytes: 200 } }),
      };
      const { host } = slotsOf({ ...opened, launch: limited });
      await run(host, { version: "1.0.0" });
      expect(await host.memory()).toMatchObject({ neededBytes: 200 * 1024 * 1024 });
    });
  });
});
