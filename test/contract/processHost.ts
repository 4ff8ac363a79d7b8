import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { until } from "../../harness/until.ts";
import { listenOn, startNode } from "../support/child.ts";
import { answerOf, hostOf, install, type NewHost, run } from "./appHost.ts";
import { describeStartInOneTrip } from "./startInOneTrip.ts";

const { signal } = new AbortController();

/** The behaviour of hosts whose applications are processes of the deploying account. */
export function describeProcessHost(open: (wanted?: { ownHealthPort: boolean }) => Promise<NewHost>): void {
  describeStartInOneTrip(open);
  describe("an app host whose application is a process", () => {
    test("starts it in the same environment whoever rolls, and in its own folder", async () => {
      const opened = await open();
      const host = hostOf(opened, { environment: { PASSWORD: "hunter2" } });
      await run(host, { version: "1.0.0" });
      const { environment, directory, args } = await answerOf(host);
      const { HOME, USER, ...rest } = environment;
      expect(rest).toEqual({
        LANG: "C.UTF-8",
        LOGNAME: USER,
        PASSWORD: "hunter2",
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        PWD: `${opened.directory}/work`,
        OLDPWD: expect.any(String),
        ROLLGATE_HOST: host.name,
      });
      expect(HOME).toMatch(/^\//);
      expect(directory).toBe(`${opened.directory}/work`);
      expect(args.join(" ")).not.toContain("hunter2");
      const umask = await opened.machine.run('grep Umask "/proc/$1/status"', [
        String((await host.runningApp())?.pid),
      ]);
      expect(umask).toMatch(/0027$/m);
    });

    test("finds java before it sets the variables, which may include PATH", async () => {
      const opened = await open();
      const host = hostOf(opened, { environment: { PATH: "/from/settings" } });
      await run(host, { version: "1.0.0" });
      expect((await answerOf(host)).environment.PATH).toBe("/from/settings");
    });

    test("hides the secrets of a start from everybody else on the machine", async () => {
      const { machine, directory, ...opened } = await open();
      const host = hostOf({ machine, directory, ...opened }, { environment: { PASSWORD: "hunter2" } });
      await run(host, { version: "1.0.0" });
      const files = [`launches/${host.launch}.json`, "secrets/environment", "logs/app.log", "start"];
      const modes = await machine.run('cd "$1"; shift; stat -c %a "$@"', [directory, ...files]);
      expect(modes.trim().split("\n")).toEqual(["600", "600", "640", "644"]);
      expect(await machine.run('cat "$1/start"', [directory])).not.toContain("hunter2");
    });

    test("names the process on its port by pid and command, and starts and stops nothing there", async () => {
      const opened = await open();
      const host = hostOf(opened);
      await install(host, { version: "1.0.0" });
      const { pid } = await startNode(listenOn(host.port, host.address), opened);
      const name = expect.stringMatching(
        new RegExp(`^pid ${pid} \\(${process.execPath} -e require\\("node:net"\\)\\.createServer.*\\)$`),
      );
      expect(await host.portOwner()).toEqual({ kind: "other", name });
      const line = new RegExp(`^port ${host.port} of ${host.name} is taken by pid ${pid} \\(`);
      await expect(host.preflight(signal)).rejects.toThrow(line);
      await expect(host.start(host.launch)).rejects.toThrow(line);
      expect(await host.runningApp()).toBeUndefined();
      expect(await host.stop(0)).toEqual({ killed: false });
      process.kill(pid, 0);
    });

    test("doesn't mistake the listener of another process of its account for that of an application that isn't listening yet", async () => {
      const opened = await open();
      const host = hostOf(opened);
      const release = await install(host, { version: "1.0.0", hangs: true });
      await host.start(host.launch);
      expect((await host.runningApp())?.release).toBe(release);
      expect(await host.portOwner()).toEqual({ kind: "nobody" });
      const { pid } = await startNode(listenOn(host.port, host.address), opened);
      expect(await host.portOwner()).toMatchObject({
        kind: "other",
        name: expect.stringContaining(`pid ${pid} (`),
      });
    });

    test("has its health on the configured port, from the started process and no other", async () => {
      const opened = await open({ ownHealthPort: true });
      const { healthPort = 0, address } = opened.parts.place;
      const own = { ...opened.launch, arguments: [`--management.server.port=${healthPort}`] };
      const host = hostOf(opened, { launch: own });
      const release = await run(host, { version: "1.0.0" });
      expect(await host.portOwner()).toEqual({ kind: "application", release });
      await host.stop(5);

      const { pid } = await startNode(listenOn(healthPort, address), opened);
      const taken = new RegExp(`^port ${healthPort} of ${host.name} is taken by pid ${pid} \\(`);
      await expect(host.preflight(signal)).rejects.toThrow(taken);
      await expect(host.start(host.launch)).rejects.toThrow(taken);
      const elsewhere = hostOf(opened);
      await expect(elsewhere.start(elsewhere.launch)).rejects.toThrow(taken);
    });

    test("starts a new log with every start, and keeps the previous one", async () => {
      const { machine, directory, ...opened } = await open();
      const host = hostOf({ machine, directory, ...opened });
      await run(host, { version: "1.0.0" });
      await host.stop(5);
      await run(host, { version: "1.1.0" });
      expect(await host.logTail(9)).toEqual(["1.1.0 starts"]);
      const before = await machine.run('cat "$1/logs/app.log.1"', [directory]);
      expect(before).toBe("1.0.0 starts\n1.0.0 was asked to stop\n");
      expect(host.logPlace).toContain(`${directory}/logs/app.log`);
    });

    test("is not about the process of another host", async () => {
      const [one, two] = [hostOf(await open()), hostOf(await open())];
      await run(one, { version: "1.0.0" });
      await run(two, { version: "1.0.0" });
      const { pid } = (await one.runningApp()) ?? {};
      await two.stop(10);
      expect(await two.runningApp()).toBeUndefined();
      expect((await one.runningApp())?.pid).toBe(pid);
    });

    test("rejects what it could not start before anything is touched", async () => {
      const opened = await open();
      const launch = { ...opened.launch, java: "/nowhere/java" };
      const host = hostOf(opened, { launch });
      await expect(host.preflight(signal)).rejects.toMatchObject({
        code: "java-missing",
        message: `${host.name} is not ready: java: expected a Java runtime, found no executable /nowhere/java`,
      });
      const broken = `${opened.directory}-java`;
      await opened.machine.run('cat > "$1"; chmod 755 "$1"', [broken], {
        input: Readable.from(["#!/bin/sh\necho wrong processor >&2\nexit 126\n"]),
      });
      await expect(hostOf(opened, { launch: { ...launch, java: broken } }).preflight(signal)).rejects.toThrow(
        `${host.name} is not ready: java: expected a Java runtime that runs here, got wrong processor`,
      );
    });

    test("is named if it cannot stage a release", async () => {
      const opened = await open();
      await opened.machine.run('mkdir -p "$1"; : > "$1/releases"', [opened.directory]);
      const host = hostOf(opened);
      await expect(host.preflight(signal)).rejects.toThrow(
        new RegExp(`^${host.name} is not ready: .*releases`),
      );
    });

    test("removes what rolls created, and keeps what the application and others wrote", async () => {
      const { machine, directory, parts, ...opened } = await open();
      const host = hostOf({ machine, directory, parts, ...opened });
      const release = await run(host, { version: "1.0.0" });
      await host.markLastKnownGood({ release, launch: host.launch });
      await host.stop(5);
      await machine.run('mkdir "$1/work/logs"; echo audit > "$1/work/logs/audit.log"; : > "$1/notes"', [
        directory,
      ]);
      expect(await parts.files.removeAll()).toBe(`${directory}/work`);
      const left = () => machine.run('cd "$1" 2>/dev/null && find . | sort; exit 0', [directory]);
      expect(await left()).toBe(".\n./notes\n./work\n./work/logs\n./work/logs/audit.log\n");
      await machine.run('rm -r "$1/work/logs" "$1/notes"', [directory]);
      expect(await parts.files.removeAll()).toBeUndefined();
      expect(await left()).toBe("");
    });

    test("reports that nothing runs once another process has the last pid", async () => {
      const host = hostOf(await open());
      await run(host, { version: "1.0.0" });
      await host.runningApp();
      process.kill((await host.runningApp())?.pid ?? 0, "SIGKILL");
      await until(async () => (await host.runningApp()) === undefined, 5);
    });
  });
}
