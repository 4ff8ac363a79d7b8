import { describe, expect, test } from "vitest";
import { listenOn, startNode } from "../support/child.ts";
import { answerOf, hostOf, install, type NewHost, run } from "./appHost.ts";
import { runBeside, slotsOf } from "./secondSlot.ts";

/** The behaviour of second slots whose applications are processes of the deploying account. */
export function describeSecondProcess(open: (wanted?: { ownHealthPort: boolean }) => Promise<NewHost>): void {
  describe("the second slot of an app host whose application is a process", () => {
    test("is marked in its command line, so that a JVM without a mark is the first slot's", async () => {
      const { host, second } = slotsOf(await open());
      await run(host, { version: "1.0.0" });
      await runBeside(host, second, { version: "2.0.0" });
      expect((await answerOf(host)).args.join(" ")).not.toContain("rollgate.slot");
      expect((await answerOf(second)).args).toContain("-Drollgate.slot=b");
    });

    test("isn't confused by the mark among the arguments of an application", async () => {
      const opened = await open();
      const own = { ...opened.launch, arguments: ["-Drollgate.slot=b"] };
      const host = hostOf(opened, { launch: own });
      const release = await run(host, { version: "1.0.0" });
      expect(await host.runningApp()).toMatchObject({ release });
      expect(await host.second?.runningApp()).toBeUndefined();
    });

    test("has its health on a port of its own", async () => {
      const opened = await open({ ownHealthPort: true });
      const own = [`--management.server.port=${opened.parts.place.healthPort}`];
      const host = hostOf(opened, { launch: { ...opened.launch, arguments: own } });
      if (!host.second) throw new Error("there is no second slot");
      const before = await run(host, { version: "1.0.0" });
      const after = await runBeside(host, host.second, { version: "2.0.0" });
      expect(await host.portOwner()).toEqual({ kind: "application", release: before });
      expect(await host.second.portOwner()).toEqual({ kind: "application", release: after });
      const { args } = await answerOf(host.second);
      expect(args.filter((argument: string) => argument.includes("management"))).toEqual([
        `--management.server.port=${opened.parts.second?.place.healthPort}`,
      ]);
    });

    test("isn't started if another process has its port, and the first one goes on", async () => {
      const opened = await open();
      const { host, second } = slotsOf(opened);
      await run(host, { version: "1.0.0" });
      const before = await host.runningApp();
      await install(host, { version: "2.0.0" });
      const { pid } = await startNode(listenOn(second.port, second.address), opened);
      const name = expect.stringMatching(new RegExp(`^pid ${pid} \\(`));
      expect(await second.portOwner()).toEqual({ kind: "other", name });
      await expect(second.start(host.launch)).rejects.toThrow(
        new RegExp(`^port ${second.port} of ${host.name}_b is taken by pid ${pid} \\(`),
      );
      expect(await host.runningApp()).toEqual(before);
    });

    test("keeps the logs of its starts apart from the first one's", async () => {
      const { machine, directory, ...opened } = await open();
      const { host, second } = slotsOf({ machine, directory, ...opened });
      await run(host, { version: "1.0.0" });
      await runBeside(host, second, { version: "1.1.0" });
      await second.stop(5);
      await runBeside(host, second, { version: "1.2.0" });
      expect(await second.logTail(9)).toEqual(["1.2.0 starts"]);
      expect(await machine.run('cat "$1/logs/app_b.log.1"', [directory])).toBe(
        "1.1.0 starts\n1.1.0 was asked to stop\n",
      );
      expect(await host.logTail(9)).toEqual(["1.0.0 starts"]);
      expect(second.logPlace).toContain(`${directory}/logs/app_b.log`);
    });

    test("leaves nothing to start from once it was retired, and no file once the host is removed", async () => {
      const { machine, directory, parts, ...opened } = await open();
      const { host, second } = slotsOf({ machine, directory, parts, ...opened });
      const started = () => machine.run('cd "$1"; ls start* secrets/*', [directory]);
      await run(host, { version: "1.0.0" });
      await runBeside(host, second, { version: "2.0.0" });
      expect((await started()).trim().split("\n")).toEqual([
        ...["secrets/environment", "secrets/environment_b", "start", "start_b"],
      ]);
      await host.stopForGood(5);
      expect((await started()).trim().split("\n")).toEqual(["secrets/environment_b", "start_b"]);
      await second.stop(5);
      expect(await parts.files.removeAll()).toBeUndefined();
      expect(await machine.run('ls "$1" 2>/dev/null; exit 0', [directory])).toBe("");
    });
  });
}
