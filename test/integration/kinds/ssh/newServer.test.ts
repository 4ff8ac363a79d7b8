import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { reachServers } from "#kinds/ssh/reachServers.ts";
import { identityOf, isSameServer } from "#kinds/ssh/sameServer.ts";
import type { SshHostDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import type { Provisioning } from "#kinds/ssh/sshServer.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { noSshd, type SshServer, SshServers } from "../../../../harness/ssh/sshServers.ts";
import { patiently } from "../../../../settings/patiently.ts";
import { listenOn, startNode } from "../../../support/child.ts";

const reason = await noSshd();

describe.skipIf(reason)("a server that was made a moment ago", { timeout: 60_000 }, () => {
  let servers: SshServers;
  let server: SshServer;
  const told: string[] = [];

  beforeAll(async () => {
    servers = await SshServers.create();
    server = await servers.add("server-1");
    await servers.stop(server);
  });

  afterAll(async () => servers?.remove());

  const reach = (keys: Partial<SshHostDescriptor> & { provisioning?: Provisioning } = {}) => {
    const { config: sshConfig, directory } = servers;
    const place = {
      server: "server-1",
      sshConfig,
      directory,
      supervisor: "process",
      unit: "",
      ...keys,
    } as const;
    const host = { kind: "ssh", name: "app-1", address: "127.0.0.1", port: 8080, ...place } as const;
    return reachServers([host], []);
  };
  const patience = { seconds: 30, betweenMilliseconds: 100, onWait: (why: string) => void told.push(why) };

  test("is waited for until it accepts connections", async () => {
    await expect(reach()).rejects.toThrow("hosts[0].server: app-1: server-1 cannot be reached");
    const onWait = (why: string) => {
      told.push(why);
      void servers.start(server);
    };
    const waiting = patiently(() => reach(), { ...patience, onWait });
    await expect(waiting).resolves.toBeDefined();
    expect(told).toEqual([expect.stringMatching(/^server-1 cannot be reached: .*refused/)]);
  });

  test("isn't waited for if it is another one than expected", async () => {
    told.length = 0;
    await servers.changeKey(server);
    await expect(patiently(() => reach(), patience)).rejects.toThrow(
      "its host key differs from the known one",
    );
    expect(told).toEqual([]);
  });

  test("is known by a given host key, whatever known_hosts has", async () => {
    const hostKey = await readFile(join(servers.directory, "server-1.key.pub"), "utf8");
    await expect(reach({ hostKey })).resolves.toBeDefined();
    const other = (await readFile(join(servers.directory, "id.pub"), "utf8")).trim();
    await expect(reach({ hostKey: `${other}\n${hostKey}` })).resolves.toBeDefined();
    await expect(reach({ hostKey: other, hostKeys: "accept-new" })).rejects.toThrow(
      "server-1: its host key isn't the given hostKey: the server has another one, or another machine is answering",
    );
  });

  test("gets a new host only if nobody has its ports, and says who deploys", async () => {
    const hostKey = await readFile(join(servers.directory, "server-1.key.pub"), "utf8");
    const fresh = { hostKey, directory: join(servers.directory, "new"), port: await freePort() };
    const reached = await reach(fresh);
    const place = { server: "server-1", unit: "" };
    expect(reached(place)).toEqual({ deployer: userInfo().username, portsAreFree: true });
    expect((await reach({ hostKey }))(place)).toMatchObject({ portsAreFree: false });
    const { pid } = await startNode(listenOn(fresh.port, "127.0.0.1"));
    await expect(reach(fresh)).rejects.toMatchObject({
      property: "hosts[0].port",
      reason: expect.stringMatching(
        `^app-1: ${fresh.port} is taken by pid ${pid} .*: if this host replaces another one, remove that one, run pulumi up, then add this one$`,
      ),
    });
  });

  test("is asked by one script whether it is set up, who has the ports, and what it lacks", async () => {
    const hostKey = await readFile(join(servers.directory, "server-1.key.pub"), "utf8");
    const fresh = { hostKey, directory: join(servers.directory, "new"), port: await freePort() };
    const needs = { user: "", account: "", graceSeconds: 20, package: "" };
    const scripts: unknown[] = [];
    const note = (trip: unknown) => {
      if (Object(trip).kind === "script") scripts.push(trip);
    };
    subscribe("rollgate:ssh", note);
    onTestFinished(() => void unsubscribe("rollgate:ssh", note));
    await reach({ ...fresh, provisioning: { ...needs, command: "sh" } });
    expect(scripts).toHaveLength(1);
    await expect(reach({ ...fresh, provisioning: { ...needs, command: "java-99" } })).rejects.toThrow(
      "app-1: server-1: expected java-99 (settings java and javaPackage), found none",
    );
    // On other addresses of the server, anybody may have the port.
    const { pid } = await startNode(listenOn(fresh.port, "127.0.0.9"));
    expect(pid).toBeGreaterThan(0);
    const lacking = reach({ ...fresh, provisioning: { ...needs, command: "java-99" } });
    await expect(lacking).rejects.toThrow("expected java-99");
  });

  test("is learned if that is allowed, but only while it is new", async () => {
    const known = join(servers.directory, "known_hosts");
    await writeFile(known, "");
    await expect(reach()).rejects.toThrow("its host key is unknown");
    await expect(reach({ hostKeys: "accept-new" })).resolves.toBeDefined();
    expect(await readFile(known, "utf8")).toContain(`[${server.address}]:${server.port} ssh-ed25519 `);
    await expect(reach()).resolves.toBeDefined();
    await servers.changeKey(server);
    await expect(reach({ hostKeys: "accept-new" })).rejects.toThrow(
      "its host key differs from the known one",
    );
  });

  test("is another one if it has another host key than before, even at the same address", async () => {
    const place = (hostKey: string) => ({ server: "server-1", sshConfig: servers.config, hostKey });
    const [old, next] = [join(servers.directory, "id.pub"), join(servers.directory, "server-1.key.pub")];
    const before = { ...place(await readFile(old, "utf8")), identity: "another machine" };
    const after = place(await readFile(next, "utf8"));
    expect(await isSameServer(before, after)).toBe(false);
    expect(await isSameServer({ ...before, identity: await identityOf(after) }, after)).toBe(true);
  });
});
