import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../harness/freePort.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";
import { Traffic } from "../../harness/traffic.ts";
import { type Market, market } from "../support/market.ts";
import { Project } from "./project.ts";

const REQUESTS_PER_SECOND = 220;
const NAMES = ["app-1", "app-2", "app-3"];

const reason = await noSshd();
if (reason) console.log(`skipped: ${reason}`);

describe.skipIf(reason)(
  "a stack of three servers and one for nginx, without systemd",
  { timeout: 300_000 },
  () => {
    let servers: SshServers;
    let project: Project;
    let root: string;
    let old: Market;
    let next: Market;

    beforeAll(async () => {
      [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
      servers = await SshServers.create();
      root = join(servers.directory, "srv");
      const hosts: Record<string, string | number> = {};
      for (const [index, name] of NAMES.entries()) {
        const server = await servers.add(`server-${name}`);
        hosts[`hosts[${index}].name`] = name;
        hosts[`hosts[${index}].server`] = server.name;
        hosts[`hosts[${index}].address`] = server.address;
        hosts[`hosts[${index}].port`] = await freePort(server.address);
      }
      const web = await servers.add("server-web");
      project = await Project.create("prod");
      await project.configure({
        kind: "ssh",
        jar: old.jar,
        directory: root,
        sshConfig: servers.config,
        sshSupervisor: "process",
        "nginxServers[0].server": web.name,
        nginxAddress: web.address,
        nginxPort: await freePort(web.address),
        ...hosts,
        "jvmOptions[0]": "-XX:TieredStopAtLevel=1",
        "jvmOptions[1]": "-Xmx128m",
        healthDeadlineSeconds: 40,
        soakSeconds: 0,
      });
    }, 300_000);

    afterAll(async () => {
      await project?.remove();
      await servers?.remove();
    }, 120_000);

    test("names all servers that cannot be reached, before anything is declared", async () => {
      await project.configure({
        "hosts[1].server": "nowhere.invalid",
        "nginxServers[0].server": "nowhere-else.invalid",
      });
      const { code, output } = await project.pulumi("preview");
      await project.configure({ "hosts[1].server": "server-app-2", "nginxServers[0].server": "server-web" });
      expect(code).not.toBe(0);
      expect(output).toMatch(
        /rollgate:hosts\[1\]\.server: app-2: nowhere\.invalid cannot be reached: .*; nginxServers\[0\]\.server: nginx: nowhere-else\.invalid cannot be reached: .*\. Nothing was changed\./,
      );
      expect(existsSync(root)).toBe(false);
    });

    test("previews on untouched servers, and leaves them untouched", async () => {
      const { code, output } = await project.pulumi("preview");
      expect(code, output).toBe(0);
      expect(output.match(/rollgate:SshServer/g)).toHaveLength(4);
      expect(existsSync(root)).toBe(false);
    });

    test("provisions them and deploys the first release", async () => {
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(await project.output("releases")).toEqual(
        Object.fromEntries(NAMES.map((name) => [name, old.id])),
      );
      expect(output).toContain("stage     ");
    });

    test("has nothing to do in a second preview", async () => {
      const { code, output } = await project.pulumi("preview", "--expect-no-changes");
      expect(code, output).toBe(0);
    });

    test("keeps no private key in plain text in the state", async () => {
      const { output } = await project.pulumi("stack", "export");
      const key = await readFile(join(servers.directory, "id"), "utf8");
      expect(output).not.toContain(key.split("\n")[1]);
      expect(output).toContain("rollgate/provider");
    });

    test("rolls to the next release without a lost request", async () => {
      await project.configure({ jar: next.jar });
      const traffic = new Traffic(String(await project.output("url")), REQUESTS_PER_SECOND);
      const { code, output } = await project.up();
      const seen = await traffic.stop();
      expect(code, output).toBe(0);
      expect(seen.lost).toEqual([]);
      expect(Object.keys(seen.versions).sort()).toEqual(["1.0.0", "1.1.0"]);
      expect(await project.output("releases")).toEqual(
        Object.fromEntries(NAMES.map((name) => [name, next.id])),
      );
      console.log(`${seen.sent} requests, ${seen.lost.length} lost`);
    });

    test("a changed setting of nginx updates nginx and nothing else", async () => {
      await project.configure({ "statusAllow[0]": "10.0.0.0/8" });
      const { output } = await project.pulumi("preview", "--json");
      const steps: { op: string; urn: string }[] = JSON.parse(output.slice(output.indexOf("{"))).steps;
      const changed = steps
        .filter(({ op }) => op !== "same" && op !== "refresh")
        .map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`);
      expect(changed).toEqual(["update nginx-server"]);
      const { code, output: printed } = await project.up();
      expect(code, printed).toBe(0);
    });

    test("leaves nothing on the servers when it is destroyed", async () => {
      const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview");
      expect(code, output).toBe(0);
      expect(existsSync(join(root, "nginx"))).toBe(false);
      for (const name of NAMES) expect(existsSync(join(root, "hosts", name)), name).toBe(false);
    });
  },
);
