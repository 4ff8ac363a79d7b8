import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFakeJar } from "../../harness/fakeApplication.ts";
import { Traffic, type TrafficReport } from "../../harness/traffic.ts";
import { inRepository } from "../../tools/inRepository.ts";
import { MadeServers } from "../support/ssh/madeServers.ts";
import { noSystemdServers } from "../support/ssh/systemdServers.ts";
import { InstalledPackage } from "./installedPackage.ts";

const reason = await noSystemdServers();
if (reason) console.log(`skipped: ${reason}`);

describe.skipIf(reason)("a program that makes its own servers", { timeout: 300_000 }, () => {
  let installed: InstalledPackage;
  let made: MadeServers;
  let next: string;
  let jar: string;

  beforeAll(async () => {
    installed = await InstalledPackage.create();
    const tarballs = await installed.pack();
    next = tarballs.next;
    await installed.install(tarballs.first);
    await installed.write(
      "module",
      await readFile(inRepository("test", "fixtures", "servers", "index.js"), "utf8"),
    );
    await installed.init();
    made = await MadeServers.create(installed.directory);
    jar = (await writeFakeJar({ version: "1.0.0" }, installed.directory)).path;
  }, 300_000);

  afterAll(async () => {
    await made?.remove();
    await installed?.remove();
  }, 120_000);

  /** Lets the program have these app hosts, by the generation of their servers. */
  async function wants(generations: Readonly<Record<string, number>>): Promise<void> {
    const servers = Object.entries(generations).map(async ([name, generation]) => {
      const key = `${name}-${generation}`;
      return { name, hostKey: await made.makeKey(key), ...(await made.describe(generation, key)) };
    });
    await installed.configure({
      servers: await Promise.all(servers),
      web: await made.describe(1),
      service: {
        ...{ kind: "ssh", jar, java: made.java, sshConfig: made.config, sshProvisionUser: "admin" },
        ...{ sshHostKeys: "accept-new", nginxAddress: "0.0.0.0", nginxPort: 80 },
        ...{ soakSeconds: 0, reports: "off" },
      },
    });
  }

  const pulumi = (...args: string[]) => installed.pulumi("module", ...args);

  /** Updates, and says what clients got meanwhile. */
  async function underTraffic(): Promise<TrafficReport & { readonly output: string }> {
    const { output: address } = await pulumi("stack", "output", "address");
    const traffic = new Traffic(`http://${address.trim()}`, 100);
    const { code, output } = await pulumi("up", "--yes", "--skip-preview");
    const seen = await traffic.stop();
    expect(code, output).toBe(0);
    console.log(`${seen.sent} requests, ${seen.lost.length} lost`);
    return { ...seen, output };
  }

  test("shows in its first preview what there will be, and asks nothing", async () => {
    await wants({ "app-1": 1, "app-2": 1, "app-3": 1 });
    const { code, output } = await pulumi("preview", "--diff");
    expect(code, output).toBe(0);
    expect(output).toContain("app-1 at an address known after its server exists");
    expect(output).toMatch(/"app-1: 1\.0\.0-[0-9a-f]{12}, at an address known after its server exists"/);
    expect(output).toContain("dynamic/rollgate:AppHost::shop-app-app-3");
    expect(await made.count()).toBe(0);
  });

  test("goes from nothing to serving in one update, while the servers still boot", async () => {
    const { code, output } = await pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).toMatch(/app-3: +"1\.0\.0-/);
  });

  test("has nothing to do in its second preview, whose package is the next version", async () => {
    await installed.install(next);
    const { code, output } = await pulumi("preview", "--refresh", "--expect-no-changes");
    expect(code, output).toBe(0);
  });

  test("shows what it knows when a server is to be replaced", async () => {
    await wants({ "app-1": 2, "app-2": 1, "app-3": 1 });
    const { code, output } = await pulumi("preview", "--diff");
    expect(code, output).toBe(0);
    expect(output).toMatch(/\+-.*rollgate:AppHost.*replace/);
    expect(output).toContain("at an address known after its server exists");
    expect(output).not.toMatch(/- .*rollgate:(AppHost|Nginx|RollingDeployment).*\(delete\)/);
  });

  test("loses no request when a server is replaced, which is deleted last", async () => {
    const { lost, output } = await underTraffic();
    expect(lost).toEqual([]);
    expect(output).not.toContain("warning: ");
    expect(await made.count()).toBe(4);
  });

  test("loses no request when a server is removed, which is deleted last", async () => {
    await wants({ "app-1": 2, "app-2": 1 });
    const { lost, output } = await underTraffic();
    expect(lost).toEqual([]);
    expect(output).not.toContain("warning: ");
    expect(await made.count()).toBe(3);
  });

  test("leaves nothing when it is destroyed", async () => {
    const { code, output } = await pulumi("destroy", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).not.toContain("warning: ");
    expect(await made.count()).toBe(0);
  });
});
