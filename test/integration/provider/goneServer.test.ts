import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Values } from "#kinds/change.ts";
import * as sshServer from "#kinds/ssh/provisionedServer.ts";
import * as rollingDeployment from "#provider/deployment.ts";
import * as sshHost from "#provider/hostResource.ts";
import * as nginx from "#provider/nginx.ts";
import { endProcessesUnder } from "../../../harness/endProcessesUnder.ts";
import { SshFleet } from "../../../harness/ssh/sshFleet.ts";
import { noSshd, type SshServer, SshServers } from "../../../harness/ssh/sshServers.ts";
import { fakeJar, fakeJava } from "../../support/fakeJava.ts";
import { validRequest } from "../../support/rollRequest.ts";

const reason = await noSshd();

describe.skipIf(reason)("a server that is gone for good", { timeout: 60_000 }, () => {
  let servers: SshServers;
  let gone: SshServer;
  let fleet: SshFleet;
  let directory: string;
  let host: Values;
  let server: Values;
  const printed: string[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "rollgate-jars-"));
    servers = await SshServers.create();
    const [one, web] = [await servers.add("server-1"), await servers.add("server-web")];
    gone = await servers.add("server-2");
    fleet = await SshFleet.create({
      config: servers.config,
      machines: [one, gone],
      web,
      launch: { java: await fakeJava(directory), jvmOptions: [], arguments: [] },
    });
    ({ outs: host } = await sshHost.create({ ...fleet.hosts[1], graceSeconds: 5 }));
    const { inputs = {} } = await sshServer.check({ olds: {}, news: provisioned(1) });
    ({ outs: server } = await sshServer.create(inputs));
    expect((await fleet.rollHere(await fakeJar({ version: "1.0.0" }, directory))).failure).toBeUndefined();
    await servers.stop(gone);
    await servers.cut(gone);
  }, 60_000);

  afterAll(async () => {
    if (!servers) return;
    await endProcessesUnder(servers.directory);
    await servers.remove();
    await rm(directory, { recursive: true });
  }, 60_000);

  beforeEach(() => {
    printed.length = 0;
    vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
    return () => vi.restoreAllMocks();
  });

  const provisioned = (index: number) => ({
    place: fleet.hosts[index],
    ...{ user: "", account: "a", graceSeconds: 5, command: "sh", package: "" },
  });

  test("does not fail a refresh: the recorded state of its host is kept, and one line says so", async () => {
    const found = await Promise.all([sshHost.read("id", host), sshServer.read("id", server)]);
    expect(found).toEqual([host, server].map((props) => ({ id: "id", props })));
    expect(printed).toEqual([
      expect.stringMatching(/^app-2: server-2 cannot be reached: .*refused\. Its recorded state was kept$/),
    ]);
  });

  test("does not fail a refresh of the deployment, which names it", async () => {
    const { hosts, proxy, launch } = fleet;
    const { props } = await rollingDeployment.read("id", {
      ...validRequest(),
      ...{ hosts, proxies: [proxy], launch, minimumHealthy: 1 },
    });
    expect(Object(props).releases).toEqual({
      "app-1": expect.stringMatching(/^1\.0\.0-/),
      "app-2": expect.stringMatching(/^unknown, .*server-2 cannot be reached/),
    });
  });

  test("is rejected in one line that names the host, while a host is on it", async () => {
    const { failures } = await sshServer.check({ olds: {}, news: provisioned(1) });
    expect(failures).toEqual([
      { property: "server", reason: expect.stringMatching(/^app-2: server-2 cannot be reached: [^\n]*$/) },
    ]);
  });

  test("does not keep nginx from being updated without its host", async () => {
    await fleet.of("app-1").serveNginx();
    expect(await fleet.servedPorts()).toEqual([String(fleet.hosts[0]?.port)]);
  });

  test("does not keep its host from being removed, and says what stays there", async () => {
    await Promise.all([sshHost.remove(host), sshServer.remove(server)]);
    expect(printed.sort()).toEqual([
      expect.stringMatching(
        /^warning: app-2: server-2 cannot be reached: .* left on the server: the application \(units rollgate-stack-app-2, rollgate-stack-app-2_b\) and \S+\/app-2$/,
      ),
      expect.stringMatching(
        /^warning: app-2: server-2 cannot be reached: .* left on the server: the units rollgate-stack-app-2, rollgate-stack-app-2_b, the account a and \S+\/app-2$/,
      ),
    ]);
    expect(existsSync(String(Object(fleet.hosts[1]).directory))).toBe(true);
  });

  test("can be replaced if it was nginx's", async () => {
    const old = { ...fleet.proxy, server: gone.name, executable: "nginx", identity: "another machine" };
    const [found, difference] = await Promise.all([
      nginx.read("id", old),
      nginx.diff({ olds: old, news: { ...fleet.proxy, executable: "nginx" } }),
      nginx.remove(old),
    ]);
    expect(found).toMatchObject({ id: "id", props: old });
    expect(difference).toMatchObject({ replaces: ["server"] });
    expect(printed).toContainEqual(expect.stringMatching(/^warning: nginx: server-2 cannot be reached/));
  });

  test("is different from its replacement, and the same as its recorded identity", async () => {
    const place = { ...fleet.hosts[1], server: "server-1" };
    const next = { ...place, graceSeconds: 5 };
    const differences = await Promise.all([
      sshHost.diff({ olds: { ...host, identity: "another machine" }, news: next }),
      // These servers are all this machine: the new name leads to what the state remembers.
      sshHost.diff({ olds: host, news: next }),
      sshServer.diff({ olds: server, news: { ...server, place } }),
    ]);
    expect(differences.map(({ replaces }) => replaces)).toEqual([["server"], [], []]);
  });

  test("and came back reinstalled is left alone, and so is its host key", async () => {
    await servers.changeKey(gone);
    await sshHost.remove(host);
    expect(printed).toEqual([
      expect.stringMatching(
        /^warning: app-2: server-2: its host key differs from the known one .* left on the server/,
      ),
    ]);
    expect(existsSync(String(Object(fleet.hosts[1]).directory))).toBe(true);
  });
});
