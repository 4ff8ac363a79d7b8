import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { freePort } from "../../harness/freePort.ts";
import { noSshd, type SshServer, SshServers } from "../../harness/ssh/sshServers.ts";
import { fakeJar, fakeJava } from "../support/fakeJava.ts";
import { Project } from "./project.ts";

const reason = await noSshd();
if (reason) console.log(`skipped: ${reason}`);

describe.skipIf(reason)("a stack of which a server is gone for good", { timeout: 300_000 }, () => {
  let servers: SshServers;
  let gone: SshServer;
  let others: SshServer[];
  let project: Project;
  let root: string;
  let jars: string;

  beforeAll(async () => {
    jars = await mkdtemp(join(tmpdir(), "rollgate-jars-"));
    servers = await SshServers.create();
    root = join(servers.directory, "srv");
    const [one, two, web] = [
      await servers.add("server-1"),
      await servers.add("server-2"),
      await servers.add("server-web"),
    ];
    [gone, others] = [two, [one, web]];
    const settings: Record<string, string | number> = {};
    for (const [index, server] of [one, two].entries()) {
      settings[`hosts[${index}].name`] = `app-${index + 1}`;
      settings[`hosts[${index}].server`] = server.name;
      settings[`hosts[${index}].address`] = server.address;
      settings[`hosts[${index}].port`] = await freePort(server.address);
    }
    project = await Project.create("prod");
    await project.configure({
      kind: "ssh",
      jar: (await fakeJar({ version: "1.0.0" }, jars)).path,
      java: await fakeJava(jars),
      directory: root,
      sshConfig: servers.config,
      sshSupervisor: "process",
      "nginxServers[0].server": web.name,
      nginxAddress: web.address,
      nginxPort: await freePort(web.address),
      ...settings,
      soakSeconds: 0,
    });
    const { code, output } = await project.up();
    expect(code, output).toBe(0);
    await servers.cut(gone);
    await servers.stop(gone);
  }, 300_000);

  afterAll(async () => {
    await project?.remove();
    if (!servers) return;
    await endProcessesUnder(servers.directory);
    await servers.remove();
    await rm(jars, { recursive: true });
  }, 120_000);

  test("says in a preview which host is meant and what to do, without a stack trace", async () => {
    const { code, output } = await project.pulumi("preview");
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /error: rollgate:hosts\[1\]\.server: app-2: server-2 cannot be reached: .*\. If gone for good: remove app-2 from hosts, then run `pulumi up`\. Nothing was changed\.$/m,
    );
    expect(output).not.toMatch(/^\s+at /m);
  });

  test("continues without it once its host is out of the settings", async () => {
    await project.pulumi("config", "rm", "--path", "hosts[1]");
    const preview = await project.pulumi("preview");
    expect(preview.code, preview.output).toBe(0);
    const { code, output } = await project.up();
    expect(code, output).toBe(0);
    expect(output).toMatch(/warning: app-2: server-2 cannot be reached: .* left on the server: /);
    expect(output).not.toMatch(/^\s+at /m);
    expect(await project.output("releases")).toEqual({ "app-1": expect.stringMatching(/^1\.0\.0-/) });
    const after = await project.pulumi("preview", "--expect-no-changes");
    expect(after.code, after.output).toBe(0);
    expect(after.output).not.toContain("app-2");
  });

  test("is kept while no server at all can be reached", async () => {
    for (const server of others) {
      await servers.cut(server);
      await servers.stop(server);
    }
    const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /error: .*nginx: server-web cannot be reached: .* No other server could be reached either/,
    );
    expect(output).not.toMatch(/^\s+at /m);
    expect(existsSync(join(root, "nginx"))).toBe(true);
    for (const server of others) await servers.start(server);
  });
});
