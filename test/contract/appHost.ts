import pLimit from "p-limit";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HostPlace } from "#rollout/host/hostPlace.ts";
import { type HostParts, MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { HostPolicy } from "#rollout/host/machineSlot.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { Launch } from "#rollout/request/launch.ts";
import type { Behaviour } from "../../harness/fakeApplication.ts";
import { freePort } from "../../harness/freePort.ts";
import { request } from "../../harness/request.ts";
import { until } from "../../harness/until.ts";
import { fakeJar } from "../support/fakeJava.ts";

const { signal } = new AbortController();
export const HEALTH = {
  path: "/actuator/health",
  passes: 1,
  intervalMilliseconds: 20,
  timeoutMilliseconds: 1000,
  deadlineSeconds: 10,
};

/** A fresh host of one kind. */
export interface NewHost {
  readonly parts: HostParts;
  /** How the fake Java is started there. */
  readonly launch: Launch;
  /** Where the host's files are, for a script. */
  readonly machine: Pick<Machine, "run" | "sharesFiles">;
  readonly directory: string;
  /** The prefix of a command that must run on the host's machine; empty if that is this one. */
  readonly enter?: readonly string[] | undefined;
}

/** How a kind opens hosts for this suite; everything is killed after the test. */
export interface HostKind {
  readonly open: () => Promise<NewHost>;
  /** What `--server.address` the application gets, and where it is started. */
  readonly workDirectory: (host: NewHost) => string;
  /** Why this kind cannot do it, if it can't. */
  readonly cannot?: { readonly seeSockets?: string };
}

/** A host as one deployer opens it. */
export function hostOf({ parts, launch }: NewHost, policy: Partial<HostPolicy> = {}): MachineAppHost {
  const host = new MachineAppHost(parts, {
    launch,
    environment: {},
    health: HEALTH,
    uploads: pLimit(2),
    ...policy,
  });
  onTestFinished(() => host.close());
  return host;
}

/** Stops whatever runs on a host. */
export async function stopAll({ supervisor, second }: HostParts): Promise<void> {
  await Promise.all([supervisor.stop(0), second?.supervisor.stop(0)]);
}

/** Stages a release on the host and makes it current. */
export async function install(host: MachineAppHost, behaviour: Behaviour): Promise<string> {
  const jar = await fakeJar(behaviour);
  const release = releaseId(jar);
  await host.preflight(signal);
  await host.stage(release, jar, signal);
  await host.switchTo(release);
  return release;
}

/** Installs and starts a release, and waits until it is up. */
export async function run(host: MachineAppHost, behaviour: Behaviour): Promise<string> {
  const release = await install(host, behaviour);
  await host.start(host.launch);
  await until(async () => (await host.probe(signal)).up, 10);
  return release;
}

/** What the fake application reports about how it was started. */
export async function answerOf({ address, port }: HostPlace) {
  const host = address.includes(":") ? `[${address}]` : address;
  return JSON.parse((await request(`http://${host}:${port}/`)).body);
}

async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(String, (error: unknown) => (error instanceof Error ? error.message : String(error)));
}

/** The behaviour of every app host, on any machine and with any supervisor. */
export function describeAppHost({ open, workDirectory, cannot = {} }: HostKind): void {
  describe("an app host", () => {
    test("reports nothing at first", async () => {
      const host = hostOf(await open());
      await host.preflight(signal);
      expect(await host.observe()).toEqual({ releases: [] });
      expect(await host.portOwner()).toEqual({ kind: "nobody" });
      expect(await host.probe(signal)).toMatchObject({ up: false });
      expect(await host.logTail(5)).toEqual([]);
      expect(await host.stop(5)).toEqual({ killed: false });
    });

    test("runs what was staged, and reads what runs from the process itself", async () => {
      const opened = await open();
      const host = hostOf(opened);
      const release = await run(host, { version: "1.0.0" });
      const running = { pid: expect.any(Number), release, launch: host.launch };
      const seen = { running, current: release, releases: [release] };
      expect(await host.observe()).toEqual(seen);
      const room = { freeBytes: expect.any(Number), heldBytes: 0, disk: expect.any(String) };
      // A copy on one machine may take none.
      const withRoom = opened.machine.sharesFiles ? seen : { ...seen, room };
      expect(await host.observe("2.0.0-bbbbbbbbbbbb")).toMatchObject(withRoom);
      // Another deployer, which has no memory of it, sees the same.
      expect(await hostOf(opened).runningApp()).toEqual(await host.runningApp());
      expect(await host.portOwner()).toEqual({ kind: "application", release });
      expect(await host.probe(signal)).toEqual({ up: true, detail: "200 UP" });
      expect(await host.logTail(1)).toEqual(["1.0.0 starts"]);
      const next = await install(host, { version: "2.0.0" });
      expect(await host.observe()).toMatchObject({ running: { release }, current: next });
    });

    test("runs a war from a file with the extension .war", async () => {
      const host = hostOf(await open());
      const release = await run(host, { version: "1.0.0", ending: "war" });
      expect(await host.observe()).toMatchObject({ running: { release }, releases: [release] });
      const { args } = await answerOf(host);
      expect(args[args.indexOf("-jar") + 1]).toMatch(new RegExp(`/releases/${release}/app.war$`));
      await host.stage(release, undefined, signal);
    });

    test("gives the application its options, its arguments and its variables", async () => {
      const opened = await open();
      const launch = { ...opened.launch, jvmOptions: ["-Da=b c"], arguments: ["--x='y'"] };
      const environment = { SECRET: 'a "b" $c \\d\n`e`' };
      const host = hostOf(opened, { launch, environment });
      const release = await run(host, { version: "1.0.0" });
      const seen = await answerOf(host);
      const { args } = seen;
      expect(args).toEqual(expect.arrayContaining(["-Da=b c", `--server.port=${host.port}`, "--x='y'"]));
      expect(args.indexOf("-Da=b c")).toBeLessThan(args.indexOf("-jar"));
      expect(args[args.indexOf("-jar") + 1]).toMatch(new RegExp(`/releases/${release}/app.jar$`));
      expect(args.join(" ")).not.toContain("`e`");
      expect(seen.environment).toMatchObject({ ...environment, ROLLGATE_HOST: host.name });
      expect(seen.directory).toBe(workDirectory(opened));
    });

    test("asks an application to stop, and kills it after the grace period, not before", async () => {
      const host = hostOf(await open());
      await run(host, { version: "1.0.0" });
      expect(await host.stop(10)).toEqual({ killed: false });
      expect(await host.runningApp()).toBeUndefined();
      expect(await host.portOwner()).toEqual({ kind: "nobody" });
      expect((await host.logTail(9)).join("\n")).toContain("1.0.0 was asked to stop");
      await run(host, { version: "1.1.0", ignoresSigterm: true });
      const began = performance.now();
      expect(await host.stop(1)).toEqual({ killed: true });
      expect(performance.now() - began).toBeGreaterThanOrEqual(950);
      expect(await host.runningApp()).toBeUndefined();
    });

    test("goes back to an earlier release with its recorded options, and never guesses them", async () => {
      const opened = await open();
      const [before, after] = [
        hostOf(opened, { environment: { GREETING: "old" } }),
        hostOf(opened, { environment: { GREETING: "new" } }),
      ];
      const first = await run(before, { version: "1.0.0" });
      await before.stop(5);
      await run(after, { version: "1.1.0" });
      expect((await answerOf(after)).environment).toMatchObject({ GREETING: "new" });
      await after.stop(5);
      await after.switchTo(first);
      await after.start(before.launch);
      await until(async () => (await after.probe(signal)).up, 10);
      expect((await answerOf(after)).environment).toMatchObject({ GREETING: "old" });
      expect(await after.runningApp()).toMatchObject({ release: first, launch: before.launch });
      await after.stop(5);
      await expect(after.start("000000000000")).rejects.toMatchObject({
        code: "launch-unknown",
        message: `${after.name} no longer knows how it was started before`,
      });
      expect(await after.runningApp()).toBeUndefined();
    });

    test("starts nothing without a current release, or while something still runs", async () => {
      const host = hostOf(await open());
      await host.preflight(signal);
      await expect(host.start(host.launch)).rejects.toThrow(`${host.name} has no current release`);
      const release = await run(host, { version: "1.0.0" });
      const { pid } = (await host.runningApp()) ?? {};
      await host.preflight(signal);
      await expect(host.start(host.launch)).rejects.toThrow(
        `port ${host.port} of ${host.name} is taken by ${release}, which is still running`,
      );
      expect((await host.runningApp())?.pid).toBe(pid);
    });

    test("is not switched to a release that it does not have", async () => {
      const host = hostOf(await open());
      const release = await install(host, { version: "1.0.0" });
      await expect(host.switchTo("2.0.0-bbbbbbbbbbbb")).rejects.toMatchObject({
        code: "release-missing",
        message: `${host.name} cannot switch to 2.0.0-bbbbbbbbbbbb: there is no release 2.0.0-bbbbbbbbbbbb`,
      });
      expect((await host.observe()).current).toBe(release);
    });

    test("reports an application that ends by itself, with both of its outputs", async () => {
      const host = hostOf(await open());
      const release = await install(host, { version: "1.0.0", exits: 3 });
      await host.start(host.launch);
      await until(async () => (await host.runningApp()) === undefined, 10);
      expect((await host.observe()).current).toBe(release);
      // Docker reads both outputs concurrently, so a container's lines may come in either order.
      expect(await host.logTail(9)).toEqual(
        expect.arrayContaining(["1.0.0 starts", "Error: this application cannot start"]),
      );
    });

    test("reports the application's own health", async () => {
      const host = hostOf(await open());
      await install(host, { version: "1.0.0", health: "DOWN" });
      await host.start(host.launch);
      await expect
        .poll(() => host.probe(signal), { timeout: 10_000 })
        .toEqual({ up: false, detail: '503 DOWN {"status":"DOWN"}' });
    });

    test("requests any page of the application, over the same way as its health", async () => {
      const host = hostOf(await open());
      await run(host, { version: "1.0.0" });
      expect(await host.visit("/orders?ms=1", signal)).toBe(200);
    });

    test("runs a command once, with a staged release and the application's variables", async () => {
      const opened = await open();
      const host = hostOf(opened, { environment: { PASSWORD: 'it\'s "hunter2" for $5' } });
      const release = await install(host, { version: "1.0.0" });
      const script = `printf '%s\\n' "$PASSWORD" "$ROLLGATE_HOOK" "$ROLLGATE_JAVA" "$1"
        pwd
        sleep 0.3 # An engine reads both outputs of a container side by side.
        echo to standard error >&2
        sleep 0.3
        if [ -s "$ROLLGATE_JAR" ]; then printf '%s\\n' "\${ROLLGATE_JAR##*/releases/}"; fi
        sleep 0.3
        echo last
        exit 3`;
      let printed = "";
      const ended = await host.runTask(
        release,
        {
          words: ["sh", "-c", script, "sh", "two words"],
          variables: { ROLLGATE_HOOK: "beforeRoll" },
          deadlineSeconds: 20,
        },
        (text) => {
          printed += text;
        },
      );
      expect(printed.split("\n")).toEqual([
        'it\'s "hunter2" for $5',
        "beforeRoll",
        opened.launch.java,
        "two words",
        workDirectory(opened),
        "to standard error",
        `${release}/app.jar`,
        "last",
        "",
      ]);
      expect(ended).toBe(3);
      const left = await opened.machine.run('ls -A "$1"', [opened.directory]);
      expect(left).not.toContain(".task");
    });

    test("ends a command at its deadline, with everything that it started", async () => {
      const opened = await open();
      const host = hostOf(opened);
      const release = await install(host, { version: "1.0.0" });
      // No other process sleeps that long.
      const sleep = `sleep 60.${host.port}`;
      const script = `trap 'echo asked to end' TERM; (trap "" TERM; exec ${sleep}) & wait; exit 0`;
      let printed = "";
      const command = { words: ["sh", "-c", script], variables: {}, deadlineSeconds: 1 };
      const ended = await host.runTask(release, command, (text) => {
        printed += text;
      });
      expect(ended).toBe("overdue");
      expect(printed).toBe("asked to end\n");
      const find = `for pid in /proc/[0-9]*; do tr '\\0' ' ' < "$pid/cmdline"; echo; done 2>/dev/null`;
      await until(async () => !(await opened.machine.run(find, [])).includes(`\n${sleep} `), 5);
    });

    test("says so if there is no such command", async () => {
      const host = hostOf(await open());
      const release = await install(host, { version: "1.0.0" });
      const command = { words: ["no-such-command"], variables: {}, deadlineSeconds: 20 };
      await expect(outcome(host.runTask(release, command, () => {}))).resolves.toMatch(
        /^(127|.*no-such-command.*)$/,
      );
    });

    test("says where an application listens if it is not its port", async (context) => {
      context.skip(cannot.seeSockets !== undefined, cannot.seeSockets);
      const host = hostOf(await open());
      const port = await freePort();
      await install(host, { version: "1.0.0", port });
      await host.start(host.launch);
      await expect
        .poll(() => host.listening(), { timeout: 10_000 })
        .toEqual([expect.stringMatching(new RegExp(`:${port}$`))]);
    });

    test("reads a bounded part of the end of a log, however long it is", async () => {
      const host = hostOf(await open());
      await install(host, { version: "1.0.0", floods: 20_000, exits: 1 });
      await host.start(host.launch);
      await until(async () => (await host.runningApp()) === undefined, 20);
      const written = async (lines: number) =>
        // A container adds a line on how it ended.
        (await host.logTail(lines)).filter((line) => !/^exit code \d+/.test(line));
      const log = (await written(1_000_000)).join("\n");
      expect(log.length).toBeLessThanOrEqual(64 * 1024);
      expect(log).toContain("Error: this application cannot start");
      expect(await written(3)).toHaveLength(3);
    });

    test("keeps a complete release, replaces a damaged one, and ignores a damaged one without a jar", async () => {
      const opened = await open();
      const { machine, directory } = opened;
      const host = hostOf(opened);
      const jar = await fakeJar({ version: "1.0.0" });
      const [id, missing] = [releaseId(jar), "2.0.0-0123456789ab"];
      await host.preflight(signal);
      await expect(host.stage(missing, undefined, signal)).rejects.toMatchObject({
        code: "release-missing",
        message: `${host.name} does not have a complete release ${missing}`,
      });
      await host.stage(id, jar, signal);
      const file = `${directory}/releases/${id}/app.jar`;
      const inode = () => machine.run('ls -i "$1"', [file]);
      const before = await inode();
      await host.stage(id, jar, signal);
      await host.stage(id, undefined, signal);
      expect(await inode()).toBe(before);
      await machine.run('chmod 644 "$1" && echo damaged > "$1"', [file]);
      await expect(host.stage(id, undefined, signal)).rejects.toMatchObject({ code: "release-missing" });
      await host.stage(id, jar, signal);
      await host.stage(id, undefined, signal);
    });

    test("keeps what is known good and what is spared, and as many others as asked", async () => {
      const opened = await open();
      const { machine, directory } = opened;
      const host = hostOf(opened);
      const releases: string[] = [];
      for (const version of ["1", "2", "3", "4", "5"]) releases.push(await install(host, { version }));
      const [good = "", spared = "", , , current = ""] = releases;
      for (const [age, release] of releases.entries())
        await machine.run('touch -d "@$2" "$1"', [`${directory}/releases/${release}`, String(1000 + age)]);
      await host.start(host.launch);
      await host.markLastKnownGood({ release: good, launch: host.launch });
      expect((await host.observe()).lastKnownGood).toEqual({ release: good, launch: host.launch });
      await host.prune(2, [{ release: spared, launch: "000000000000" }]);
      expect((await host.observe()).releases).toEqual([good, spared, current].sort());
      await host.prune(2, [{ release: good, launch: host.launch }]);
      expect((await host.observe()).releases).toEqual([good, current].sort());
    });
  });
}
