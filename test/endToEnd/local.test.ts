import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../harness/freePort.ts";
import { runningNginx } from "../../harness/nginxProcess.ts";
import { listProcesses, type ProcessEntry } from "../../harness/processTable.ts";
import { Traffic } from "../../harness/traffic.ts";
import { buildMarket } from "../../tools/buildMarket.ts";
import { listenerOn } from "../support/tcpTable.ts";
import { Project } from "./project.ts";

const REQUESTS_PER_SECOND = 220;

describe("a stack of two local hosts, with the real CLI, nginx and JVMs", { timeout: 300_000 }, () => {
  const jars = { old: "", next: "", broken: "" };
  let project: Project;
  let ports: number[];
  let url: string;

  beforeAll(async () => {
    jars.old = await buildMarket({ version: "1.0.0" });
    jars.next = await buildMarket({ version: "1.1.0" });
    jars.broken = await buildMarket({ version: "1.2.0", fault: "health-down" });
    ports = [await freePort(), await freePort(), await freePort()];
    project = await Project.create("e2e");
    await project.configure({
      jar: jars.old,
      nginxPort: ports[0] ?? 0,
      "hosts[0].name": "app-1",
      "hosts[0].port": ports[1] ?? 0,
      "hosts[1].name": "app-2",
      "hosts[1].port": ports[2] ?? 0,
      "jvmOptions[0]": "-XX:TieredStopAtLevel=1",
      healthDeadlineSeconds: 25,
      soakSeconds: 0,
    });
  }, 300_000);

  afterAll(async () => project?.remove(), 120_000);

  test("rejects a wrong setting with one line and touches nothing", async () => {
    await project.configure({ graceSeconds: -1 });
    const { code, output } = await project.pulumi("preview");
    await project.configure({ graceSeconds: 30 });
    expect(code).not.toBe(0);
    expect(output).toContain("rollgate:graceSeconds: expected 0–3600, got -1. Nothing was changed.");
    expect(output).not.toMatch(/\n\s+at /);
    expect(existsSync(project.files)).toBe(false);
  });

  test("deploys the first release to every host and says so", async () => {
    const { code, output } = await project.up();
    expect(code, output).toBe(0);
    url = String(await project.output("url"));
    expect(url).toBe(`http://127.0.0.1:${ports[0]}`);
    expect(await project.output("releases")).toEqual({
      "app-1": expect.stringMatching(/^1\.0\.0-[0-9a-f]{12}$/),
      "app-2": expect.stringMatching(/^1\.0\.0-[0-9a-f]{12}$/),
    });
    expect(await versionsServed()).toEqual(new Set(["1.0.0"]));
  });

  test("has nothing to do in a second preview", async () => {
    const { code, output } = await project.pulumi("preview", "--expect-no-changes");
    expect(code, output).toBe(0);
  });

  test("keeps only a thin provider in the state", async () => {
    const { deployment } = await inspectState();
    expect(deployment.outputs.__provider.length).toBeLessThan(4000);
    expect(deployment.outputs.__provider).toContain('import("rollgate/provider")');
  });

  test("previews from which release to which, host by host in rolling order, and how each gets it", async () => {
    await project.configure({ jar: jars.next });
    const { output } = await project.pulumi("preview", "--diff");
    expect(output).toMatch(
      /\[0\]: "app-1: 1\.0\.0-[0-9a-f]{12}" => "app-1: 1\.1\.0-[0-9a-f]{12}, start-first \([\d,]+ MB free, the running JVM needs \d+ MB\)"\s+~ \[1\]: "app-2: 1\.0\.0-[0-9a-f]{12}" => "app-2: 1\.1\.0-/,
    );
  });

  test("rolls to the next release without a lost request and without touching nginx", async () => {
    const nginxBefore = await nginxProcesses();
    const { result, seen } = await underTraffic(() => project.up());
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(seen.sent).toBeGreaterThan(REQUESTS_PER_SECOND * 5);
    expect(Object.keys(seen.versions).sort()).toEqual(["1.0.0", "1.1.0"]);
    expect(await nginxProcesses()).toEqual(nginxBefore);
    expect(await versionsServed()).toEqual(new Set(["1.1.0"]));
    expect(result.output).toMatch(/\[ *\d+\.\d s\] app-2 +admit +takes traffic/);
  });

  test("stops a broken release at the first host, whose previous one serves all the time", async () => {
    await project.configure({ jar: jars.broken });
    const { result, seen } = await underTraffic(() => project.up());
    expect(result.code).not.toBe(0);
    expect(result.output).toMatch(
      /app-1 failed its health gate on 1\.2\.0-[0-9a-f]{12}: 503 DOWN .* for 25 s \(2 passes in a row needed\); nginx saw 503 DOWN .*\. app-1 serves 1\.1\.0-[0-9a-f]{12}, which ran all the time; app-2 was not touched\. Now: app-1 1\.1\.0-[0-9a-f]{12}; app-2 1\.1\.0-[0-9a-f]{12}\./,
    );
    expect(seen.lost).toEqual([]);
    expect(Object.keys(seen.versions)).toEqual(["1.1.0"]);
    const { deployment } = await inspectState();
    expect(Object.values(deployment.outputs.releases)).toEqual([
      expect.stringMatching(/^1\.1\.0-/),
      expect.stringMatching(/^1\.1\.0-/),
    ]);
  });

  test("recovers with a good jar", async () => {
    await project.configure({ jar: jars.old });
    const { result, seen } = await underTraffic(() => project.up());
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(await versionsServed()).toEqual(new Set(["1.0.0"]));
    expect((await project.pulumi("preview", "--expect-no-changes")).code).toBe(0);
  });

  test("goes back to a kept release by its version, without the jar", async () => {
    await project.configure({ release: "1.1.0", jar: "/not/there.jar" });
    const { code, output } = await project.up();
    expect(code, output).toBe(0);
    expect(await versionsServed()).toEqual(new Set(["1.1.0"]));
    await project.configure({ release: "", jar: jars.old });
    expect((await project.up()).code).toBe(0);
  });

  test("shows a killed JVM as drift after a refresh, and the next up starts it", async () => {
    const [jvm] = await jvms("app-1");
    process.kill(jvm?.pid ?? 0, "SIGKILL");
    await expect.poll(async () => (await jvms("app-1")).length).toBe(0);
    await project.pulumi("refresh", "--yes", "--skip-preview");
    const { output } = await project.pulumi("preview", "--diff");
    expect(output).toMatch(/"app-1: 1\.0\.0-[0-9a-f]{12}, not running" => "app-1: 1\.0\.0-[0-9a-f]{12}"/);
    const [untouched] = await jvms("app-2");
    expect((await project.up()).code).toBe(0);
    expect(await jvms("app-1")).toHaveLength(1);
    expect(await jvms("app-2")).toEqual([untouched]);
  });

  test("comes back as it was with up alone after a reboot, which ends nginx and every JVM", async () => {
    const all = async () => (await Promise.all(["app-1", "app-2"].map(jvms))).flat();
    const before = await all();
    for (const { pid } of before) process.kill(pid, "SIGKILL");
    for (const pid of await nginxProcesses()) process.kill(pid, "SIGKILL");
    await expect.poll(async () => (await all()).length).toBe(0);
    await expect.poll(async () => runningNginx(join(project.files, "nginx"))).toBeUndefined();
    const { code, output } = await project.up();
    expect(code, output).toBe(0);
    expect(await versionsServed()).toEqual(new Set(["1.0.0"]));
    expect((await all()).map(({ argv }) => argv)).toEqual(before.map(({ argv }) => argv));
  });

  test("leaves no process, no port and no file behind after destroy", async () => {
    const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    const ours = (await listProcesses()).filter(({ argv }) => argv.join(" ").includes(project.files));
    expect(ours).toEqual([]);
    for (const port of ports) expect(await listenerOn("127.0.0.1", port)).toBeUndefined();
    expect(existsSync(project.files)).toBe(false);
  });

  async function underTraffic<T>(work: () => Promise<T>) {
    const traffic = new Traffic(url, REQUESTS_PER_SECOND);
    try {
      return { result: await work(), seen: await traffic.stop() };
    } finally {
      await traffic.stop();
    }
  }

  async function versionsServed(): Promise<Set<string>> {
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => (await fetch(`${url}/hello`)).json()),
    );
    return new Set(answers.map((answer) => String(Object(answer).version)));
  }

  async function jvms(host: string): Promise<ProcessEntry[]> {
    const directory = join(project.files, "hosts", host);
    return (await listProcesses()).filter(
      ({ argv }) => argv.includes("-jar") && argv.join(" ").includes(`${directory}/`),
    );
  }

  /** A reload would keep the master and replace the workers. */
  async function nginxProcesses(): Promise<number[]> {
    const master = await runningNginx(join(project.files, "nginx"));
    const workers = (await listProcesses()).filter(({ parentPid }) => parentPid === master?.pid);
    return [master?.pid ?? 0, ...workers.map(({ pid }) => pid)];
  }

  async function inspectState() {
    const { output } = await project.pulumi("stack", "export");
    const { resources } = JSON.parse(output).deployment;
    const deployment = resources.find((resource: { type: string }) =>
      resource.type.endsWith("RollingDeployment"),
    );
    return { deployment };
  }
});
