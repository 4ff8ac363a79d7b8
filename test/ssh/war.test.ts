import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identifyJar } from "#rollout/release/jar.ts";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { request } from "../../harness/request.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";
import { buildMarket } from "../../tools/buildMarket.ts";

const reason = await noSshd();

describe.skipIf(reason)("a war on a server", { timeout: 120_000 }, () => {
  let servers: SshServers;

  beforeAll(async () => {
    servers = await SshServers.create();
  }, 120_000);

  afterAll(async () => {
    if (!servers) return;
    await endProcessesUnder(servers.directory);
    await servers.remove();
  }, 60_000);

  test("serves its pages, as java -jar does", async () => {
    const jvmOptions = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx128m"];
    const fleet = await SshFleet.create({
      config: servers.config,
      machines: [await servers.add("server-1")],
      web: await servers.add("server-web"),
      launch: { java: "java", jvmOptions, arguments: [] },
    });
    const war = await identifyJar(await buildMarket({ version: "1.1.0", packaging: "war" }));
    expect((await fleet.rollHere(war)).failure).toBeUndefined();
    expect(await request(`${fleet.url}/page.html`)).toMatchObject({
      status: 200,
      body: expect.stringContaining("a page of the war"),
    });
  });
});
