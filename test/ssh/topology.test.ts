import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";
import { fakeJar, fakeJava } from "../support/fakeJava.ts";

const reason = await noSshd();

describe.skipIf(reason)(
  `nginx beside an app host, on a server that is reached over SSH${reason ? ` (${reason})` : ""}`,
  { timeout: 60_000 },
  () => {
    let servers: SshServers;
    let fleet: SshFleet;
    let jar: Jar;
    let directory: string;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "rollgate-jars-"));
      jar = await fakeJar({ version: "1.0.0" }, directory);
      servers = await SshServers.create();
      const [one, two] = [await servers.add("server-1"), await servers.add("server-2")];
      fleet = await SshFleet.declare({
        config: servers.config,
        machines: [one, two],
        web: one,
        launch: { java: await fakeJava(directory), jvmOptions: [], arguments: [] },
      });
      await fleet.serveNginx({ hosts: fleet.members.slice(0, 1) });
      expect((await fleet.of("app-1").rollHere(jar)).failure).toBeUndefined();
    }, 60_000);

    afterAll(async () => {
      if (!servers) return;
      await endProcessesUnder(servers.directory);
      await servers.remove();
      await rm(directory, { recursive: true });
    }, 60_000);

    test("adds a host without a release yet, without a lost request, and sends it nothing", async () => {
      const { seen } = await fleet.underLoad(async () => {
        await fleet.serveNginx();
      });
      expect(seen.lost).toEqual([]);
      expect(await fleet.servedPorts()).toHaveLength(1);
    });

    test("sends to the new host once the roll has admitted it", async () => {
      const { result, seen } = await fleet.underLoad(() => fleet.rollHere(jar));
      expect(result.failure).toBeUndefined();
      expect(seen.lost).toEqual([]);
      expect(await fleet.releases()).toEqual({ "app-1": releaseId(jar), "app-2": releaseId(jar) });
      expect(await fleet.servedPorts()).toHaveLength(2);
    });

    test("removes a host without a lost request", async () => {
      const { seen } = await fleet.underLoad(async () => {
        await fleet.serveNginx({ hosts: fleet.members.slice(0, 1) });
      });
      expect(seen.lost).toEqual([]);
      expect(await fleet.servedPorts()).toHaveLength(1);
    });
  },
);
