import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { KINDS, kindsOf } from "#kinds/kinds.ts";
import { check, create, read } from "#provider/deployment.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { releaseId } from "#rollout/release/release.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { describeAppHost, type NewHost, stopAll } from "../../../contract/appHost.ts";
import { describeMachine } from "../../../contract/machine.ts";
import { describeNginx, describeOwnNginx } from "../../../contract/nginx.ts";
import { describeProcessHost } from "../../../contract/processHost.ts";
import { describeSecondProcess } from "../../../contract/secondProcess.ts";
import { describeSecondSlot } from "../../../contract/secondSlot.ts";
import { openNamespaceHost } from "../../../kinds/namespaces/namespaceHost.ts";
import { NamespaceMachine } from "../../../kinds/namespaces/namespaceMachine.ts";
import { openNamespaceNginx } from "../../../kinds/namespaces/namespaceNginx.ts";
import { namespaces } from "../../../kinds/namespaces/namespaces.ts";
import { fakeJar, fakeJava } from "../../../support/fakeJava.ts";
import { NamespaceNetwork, noNamespaces } from "../../../support/namespaceNetwork.ts";
import { nginxSettings } from "../../../support/nginx.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const reason = await noNamespaces();
const kinds = kindsOf({ ...KINDS, namespaces });

describe.skipIf(reason)(
  `hosts in network namespaces, a kind that is one folder${reason ? ` (${reason})` : ""}`,
  () => {
    let network: NamespaceNetwork;
    let place: { readonly namespace: string; readonly address: string };
    let directory: string;
    let count = 0;

    beforeAll(async () => {
      network = await NamespaceNetwork.create();
      place = await network.add();
      directory = await mkdtemp(join(tmpdir(), "rollgate-namespaces-"));
      return async () => {
        await network.remove();
        await rm(directory, { recursive: true });
      };
    });

    async function hostIn(where: typeof place, name = `app-${++count}`) {
      const folder = join(directory, String(count), name);
      return { kind: "namespaces", name, ...where, port: await freePort(), directory: folder } as const;
    }

    async function open({ ownHealthPort = false } = {}): Promise<NewHost> {
      const slot = async () => ({
        port: await freePort(),
        ...(ownHealthPort && { healthPort: await freePort() }),
      });
      const second = { address: place.address, ...(await slot()) };
      const host = { ...(await hostIn(place)), ...(await slot()), second };
      const parts = openNamespaceHost(host);
      onTestFinished(() => stopAll(parts));
      return {
        parts,
        directory: host.directory,
        machine: new NamespaceMachine(place.namespace),
        launch: { java: await fakeJava(), jvmOptions: [], arguments: [] },
        enter: ["ip", "netns", "exec", place.namespace],
      };
    }

    async function nginxIn(where: typeof place) {
      const { name: _, ...place } = await hostIn(where, "nginx");
      const proxy = { ...place, controlPort: place.port + 1 };
      const nginx = openNamespaceNginx(proxy);
      onTestFinished(async () => {
        await nginx.server.quit(0);
        await nginx.close();
      });
      return { ...nginx, proxy };
    }

    describeMachine(async () => ({
      machine: new NamespaceMachine(place.namespace),
      address: network.address,
    }));
    const kind = { open, workDirectory: ({ directory }: NewHost) => `${directory}/work` };
    describeAppHost(kind);
    describeSecondSlot(kind);
    describeProcessHost(open);
    describeSecondProcess(open);
    describeNginx(() => nginxIn(place));
    describeOwnNginx(() => nginxIn(place));

    test("are parsed, opened and rolled once their kind is named among the others", async () => {
      vi.spyOn(console, "log").mockImplementation(() => {});
      onTestFinished(() => void vi.restoreAllMocks());
      const hosts = [await hostIn(await network.add()), await hostIn(await network.add())];
      for (const host of hosts)
        onTestFinished(async () => void (await openNamespaceHost(host).supervisor.stop(0)));
      const { server, settings, proxy } = await nginxIn(place);
      await serveConfiguration(server, nginxSettings({ user: "root", ...(await settings()), hosts }), 5);
      const { jar: _, release: __, ...valid } = validRequest();
      const jar = await fakeJar({ version: "1.0.0" });
      const { inputs = {}, failures } = await check(
        {
          olds: {},
          news: {
            ...valid,
            ...{ hosts, proxies: [proxy], minimumHealthy: 1, jar: { path: jar.path } },
            launch: { java: await fakeJava(), jvmOptions: [], arguments: [] },
            timing: { ...valid.timing, soakSeconds: 0 },
          },
        },
        kinds,
      );
      expect(failures).toBeUndefined();
      const { outs } = await create(inputs, kinds);
      const release = releaseId(jar);
      expect(outs.releases).toEqual(Object.fromEntries(hosts.map(({ name }) => [name, release])));
      expect(JSON.parse((await request(`${outs.url}/`)).body).version).toBe("1.0.0");
      expect((await read("id", outs, kinds)).props).toMatchObject({ rollingOrder: inputs.rollingOrder });
    });

    test("are unknown where their kind is not named", async () => {
      const { failures } = await check({
        olds: {},
        news: { ...validRequest(), hosts: [await hostIn(place)] },
      });
      expect(failures).toMatchObject([
        { reason: expect.stringMatching(/^expected local, docker, ssh or kubernetes, got/) },
      ]);
    });
  },
);
