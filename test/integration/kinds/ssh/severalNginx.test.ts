import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { SshProxyDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import { endProcessesUnder } from "../../../../harness/endProcessesUnder.ts";
import { controlPortFor, freePort } from "../../../../harness/freePort.ts";
import { quitNginx } from "../../../../harness/nginxProcess.ts";
import { SshFleet } from "../../../../harness/ssh/sshFleet.ts";
import { noSshd, SshServers } from "../../../../harness/ssh/sshServers.ts";
import { Traffic } from "../../../../harness/traffic.ts";
import { fakeJar, fakeJava } from "../../../support/fakeJava.ts";
import { NGINX } from "../../../support/nginx.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const run = promisify(execFile);
const missing = await noSshd();
const SETTINGS = { order: "start-first", timing: { soakSeconds: 1 } } as const;

describe.skipIf(missing)(`two nginx on servers${missing ? `: ${missing}` : ""}`, () => {
  let servers: SshServers;
  let fleet: SshFleet;
  let other: SshProxyDescriptor;

  beforeAll(async () => {
    servers = await SshServers.create();
    const machines = [await servers.add("server-1"), await servers.add("server-2")];
    const [web, second] = [await servers.add("web-1"), await servers.add("web-2")];
    const java = await fakeJava(servers.directory);
    const launch = { java, jvmOptions: [], arguments: [] };
    fleet = await SshFleet.create({ config: servers.config, machines, web, launch, second: true });
    const port = await freePort(second.address);
    other = {
      ...fleet.proxy,
      server: second.name,
      directory: join(second.directory, "stack", "nginx"),
      address: second.address,
      port,
      controlPort: controlPortFor(port),
    };
    await fleet.serveOther(other);
    expect(await roll("1.0.0")).toMatchObject({ failure: undefined });
  });
  afterAll(async () => {
    await endProcessesUnder(servers.directory);
    await servers.remove();
  });

  async function roll(version: string, onPhase?: (phase: string, host?: string) => void) {
    return fleet.rollHere(await fakeJar({ version }, servers.directory), onPhase, SETTINGS);
  }

  async function flagsOf({ directory }: SshProxyDescriptor): Promise<string[]> {
    return (await readdir(join(directory, "drained"))).filter((name) => !name.startsWith(".")).sort();
  }

  test("one that dies gets the drains that it missed through its server, and comes back with them", async () => {
    let killed: Promise<void> | undefined;
    let back: Promise<unknown> | undefined;
    let flags: string[] = [];
    const start = async () => {
      flags = await flagsOf(other);
      await run(NGINX, ["-p", other.directory, "-c", join(other.directory, "nginx.conf")]);
    };
    const clients = new Traffic(`http://${fleet.proxy.address}:${fleet.proxy.port}`, 50);
    const { failure, result } = await roll("1.1.0", (phase, host) => {
      if (phase === "start" && host === "app-1") killed = quitNginx(other.directory, 0);
      if (phase === "start" && host === "app-2") back = Promise.resolve(killed).then(start);
    });
    const seen = await clients.stop();
    await back;
    expect(failure).toBeUndefined();
    expect(result?.warnings).toEqual([]);
    expect(seen.lost).toEqual([]);
    expect(flags).toEqual(["_ledger", "app-1", "app-2_b"]);
    expect(await flagsOf(other)).toEqual(["app-1", "app-2"]);
    expect(await flagsOf(fleet.proxy)).toEqual(["app-1", "app-2"]);
  });
});
