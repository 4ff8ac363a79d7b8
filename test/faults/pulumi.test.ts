import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { freePort } from "../../harness/freePort.ts";
import { runningNginx } from "../../harness/nginxProcess.ts";
import { isAlive, listProcesses, type ProcessEntry } from "../../harness/processTable.ts";
import { Traffic } from "../../harness/traffic.ts";
import { until } from "../../harness/until.ts";
import { Project } from "../endToEnd/project.ts";
import { type Market, market } from "../support/market.ts";

const REQUESTS_PER_SECOND = 200;

describe("Pulumi itself in trouble", { timeout: 300_000 }, () => {
  let [old, next]: Market[] = [];
  let project: Project;
  let fresh: Project | undefined;
  let ports: number[];
  const orphans: ProcessEntry[] = [];
  const rows: string[] = [];

  beforeAll(async () => {
    [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
    ports = [await freePort(), await freePort(), await freePort()];
    project = await Project.create("faults");
    await configure(project, { jar: old.jar });
    const { code, output } = await project.up();
    expect(code, output).toBe(0);
  }, 240_000);

  afterAll(async () => {
    console.log(["fault | lost | fault and next up | the hosts run", ...rows].join("\n"));
    for (const { directory } of [fresh, project].filter((used) => used !== undefined)) {
      await endProcessesUnder(directory);
      await rm(directory, { recursive: true, force: true });
    }
  }, 120_000);

  test("killed with SIGKILL stops the orphaned provider at the next safe point, and after `pulumi cancel` the next up finishes", async () => {
    await configure(project, { jar: next?.jar ?? "", soakSeconds: 6 });
    const { result, seen } = await underLoad(async () => {
      const update = project.up();
      await until(async () => (await release("app-1")) === next?.id);
      orphans.push(await processOf("provider"));
      process.kill((await processOf("cli")).pid, "SIGKILL");
      await update;
      await until(() => leaseIsReleased(), 60);
      await until(async () => !(await Promise.all(orphans.map(isAlive))).includes(true));
      const between = [await release("app-1"), await release("app-2")];
      const locked = await project.up();
      await project.pulumi("cancel", "--yes");
      await configure(project, { soakSeconds: 0 });
      return { between, locked, finished: await project.up() };
    });
    expect(result.between).toEqual([next?.id, old?.id]);
    expect(result.locked.code).not.toBe(0);
    expect(result.locked.output).toMatch(/locked/);
    expect(result.finished.code, result.finished.output).toBe(0);
    expect([await release("app-1"), await release("app-2")]).toEqual([next?.id, next?.id]);
    expect(seen.lost).toEqual([]);
  });

  test("a provider killed with SIGKILL fails the update, and the next up finishes", async () => {
    await configure(project, { jar: old?.jar ?? "" });
    const { result, seen } = await underLoad(async () => {
      const update = project.up();
      await until(async () => (await release("app-1")) === old?.id);
      process.kill((await processOf("provider")).pid, "SIGKILL");
      const failed = await update;
      const between = await release("app-2");
      return { failed, between, finished: await project.up() };
    });
    expect(result.failed.code).not.toBe(0);
    expect(result.between).toBe(next?.id);
    expect(result.finished.code, result.finished.output).toBe(0);
    expect([await release("app-1"), await release("app-2")]).toEqual([old?.id, old?.id]);
    expect(seen.lost).toEqual([]);
  });

  test("a lost state is recreated from the live fleet: no JVM and no nginx is touched", async () => {
    const before = await fleetProcesses();
    fresh = await Project.create("faults");
    await configure(fresh, { jar: old?.jar ?? "", directory: project.files });
    const { result, seen } = await underLoad(async () => fresh?.up());
    expect(result?.code, result?.output).toBe(0);
    expect(result?.output).toMatch(/app-1 +done +already serves/);
    expect(await fleetProcesses()).toEqual(before);
    expect(seen.lost).toEqual([]);
  });

  test("a preview whose reader leaves early leaves no provider behind", async () => {
    const preview = project.pulumi("preview");
    await until(async () => (await processesOf("provider")).length > 0);
    process.kill((await processOf("cli")).pid, "SIGPIPE");
    await preview;
    await until(async () => (await processesOf("provider")).length === 0, 10);
  });

  async function configure(target: Project, settings: Record<string, string | number>): Promise<void> {
    const all = {
      nginxPort: ports[0] ?? 0,
      "hosts[0].name": "app-1",
      "hosts[0].port": ports[1] ?? 0,
      "hosts[1].name": "app-2",
      "hosts[1].port": ports[2] ?? 0,
      "jvmOptions[0]": "-XX:TieredStopAtLevel=1",
      "jvmOptions[1]": `-Djava.io.tmpdir=${project.directory}`,
      soakSeconds: 0,
      ...settings,
    };
    const pairs = Object.entries(all).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    const { code, output } = await target.pulumi("config", "set-all", "--path", ...pairs);
    expect(code, output).toBe(0);
  }

  async function underLoad<T>(work: () => Promise<T>) {
    const traffic = new Traffic(`http://127.0.0.1:${ports[0]}`, REQUESTS_PER_SECOND);
    const began = performance.now();
    try {
      const result = await work();
      const seen = await traffic.stop();
      const seconds = `${((performance.now() - began) / 1000).toFixed(1)} s`;
      const releases = [await release("app-1"), await release("app-2")].join(" ");
      const { currentTestName } = expect.getState();
      rows.push([currentTestName, `${seen.lost.length} of ${seen.sent}`, seconds, releases].join(" | "));
      return { result, seen };
    } finally {
      await traffic.stop();
    }
  }

  async function jvm(host: string): Promise<ProcessEntry | undefined> {
    const releases = join(project.files, "hosts", host, "releases/");
    return (await listProcesses()).find(({ argv }) => argv.some((argument) => argument.startsWith(releases)));
  }

  async function release(host: string): Promise<string | undefined> {
    const jar = (await jvm(host))?.argv.find((argument) => argument.endsWith("/app.jar"));
    return jar?.split("/").at(-2);
  }

  async function fleetProcesses(): Promise<(number | undefined)[]> {
    const master = await runningNginx(join(project.files, "nginx"));
    const workers = (await listProcesses()).filter(({ parentPid }) => parentPid === master?.pid);
    const hosts = await Promise.all([jvm("app-1"), jvm("app-2")]);
    return [master, ...workers, ...hosts].map((found) => found?.pid);
  }

  /** The command line, or the process in which the dynamic provider runs; both work in the project's directory. */
  async function processOf(which: "cli" | "provider"): Promise<ProcessEntry> {
    const [found] = await processesOf(which);
    if (!found) throw new Error(`found no ${which} in ${project.directory}`);
    return found;
  }

  async function processesOf(which: "cli" | "provider"): Promise<ProcessEntry[]> {
    const isIt = ({ argv }: ProcessEntry) =>
      which === "cli"
        ? argv[0]?.endsWith("/pulumi")
        : argv.some((argument) => argument.includes("dynamic-provider"));
    const isNew = ({ pid }: ProcessEntry) => !orphans.some((orphan) => orphan.pid === pid);
    return (await listProcesses())
      .filter(isIt)
      .filter(isNew)
      .filter(({ pid }) => worksIn(pid) === project.directory);
  }

  function worksIn(pid: number): string | undefined {
    try {
      return readlinkSync(`/proc/${pid}/cwd`);
    } catch {
      return undefined;
    }
  }

  function leaseIsReleased(): boolean {
    const directory = join(project.files, "nginx", "lease");
    const newest = readdirSync(directory)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .at(-1);
    return (
      newest !== undefined && JSON.parse(readFileSync(join(directory, newest), "utf8")).released === true
    );
  }
});
