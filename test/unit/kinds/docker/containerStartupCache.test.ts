import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { ContainerStartupCache } from "#kinds/docker/containerStartupCache.ts";
import { firstSlot } from "#kinds/docker/dockerSlot.ts";
import { CommandFailed, type RunOptions } from "#rollout/machine/machine.ts";
import { dockerHost, inspected } from "../../../support/dockerHost.ts";

const RELEASE = "1.0.0-aaaaaaaaaaaa";
const ARCHIVE = "k/a-b.jsa";
const UNPACKING = { mainClass: "demo.Main", shared: ["a.jar"] };
const PID = 4711;

interface Created {
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
}

interface Change {
  readonly jvmOptions?: string[];
  /** What an image, and whatever Java runs in it, comes to. */
  readonly image?: () => Promise<{ Id: string }>;
  readonly start?: () => Promise<void>;
  readonly java?: { readonly StatusCode: number; readonly log: string };
  /** What a script in the keeper comes to. */
  readonly run?: (script: string) => Promise<string>;
  readonly onCreate?: () => void;
}

/** A cache on an engine where the application runs and has listed its classes; all that is done there is written down. */
function open(change: Change = {}) {
  const { StatusCode, log } = change.java ?? { StatusCode: 0, log: "" };
  const created: Created[] = [];
  const done: string[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const header = Buffer.from([2, 0, 0, 0, 0, 0, 0, log.length]);
  const java = {
    start: async () => {
      done.push("java");
      await change.start?.();
    },
    wait: async () => ({ StatusCode }),
    logs: async () => Buffer.concat([header, Buffer.from(log)]),
  };
  const docker = Object({
    getImage: () => ({ inspect: change.image ?? (async () => ({ Id: "sha256:1" })) }),
    getContainer: (name: string) => ({
      inspect: async () => inspected(),
      getArchive: async () => Readable.from([]),
      remove: async () => void done.push(`remove ${name.replace(/java-.*/, "java")}`),
    }),
    createContainer: async (options: Created) => {
      created.push(options);
      change.onCreate?.();
      return java;
    },
  });
  const machine = {
    imageOf: "shop-prod-nginx",
    run: async (script: string, _args: readonly string[], options: RunOptions = {}) => {
      const name = nameOf(script);
      done.push(name);
      signals.push(options.signal);
      return (await change.run?.(name)) ?? "";
    },
  };
  const container = { image: "jre:17", user: "10001", memoryMegabytes: 0, milliCpus: 0 };
  const launch = { java: "java", jvmOptions: change.jvmOptions ?? [], arguments: [], container };
  const cache = new ContainerStartupCache(docker, [firstSlot(dockerHost())], machine, "/hosts/a", launch);
  return { cache, created, done, signals };
}

/** What a script ends with says what it does. */
function nameOf(script: string): string {
  const last = script.trim().split("\n").at(-1) ?? "";
  if (last.includes('echo "wanted $name"')) return "look";
  if (last.startsWith("require_room")) return "require room";
  if (last.startsWith("finish_unpacking")) return "finish";
  return last.startsWith("rm -rf") ? "drop" : (last.split(" ")[0] ?? "");
}

const outcome = (step: Promise<unknown>) =>
  step.then(
    () => "done",
    ({ name, code, message }) => `${name} ${code}: ${message}`,
  );

describe("the startup cache of a container", () => {
  const reset = () => Promise.reject(new Error("read ECONNRESET"));

  test("fails in the engine's words, whichever of its answers breaks off", async () => {
    const told = "RollgateError docker: read ECONNRESET";
    expect(await outcome(open({ image: reset }).cache.prepare(RELEASE, UNPACKING, 0))).toBe(told);
    expect(await outcome(open({ start: reset }).cache.prepare(RELEASE, UNPACKING, 0))).toBe(told);
    expect(await outcome(open({ run: reset }).cache.make(PID, ARCHIVE))).toBe(told);
  });

  test("unpacks nothing where it has no room", async () => {
    const run = async (script: string) => {
      if (script === "require room")
        throw new CommandFailed("files", 1, "no room to unpack it: 7 KiB are free");
      return "";
    };
    const { cache, done } = open({ run });
    expect(await outcome(cache.prepare(RELEASE, UNPACKING, 0))).toContain(
      "no room to unpack it: 7 KiB are free",
    );
    expect(done).toEqual(["look", "require room"]);
  });

  test("leaves no files behind of a release that Java could not unpack", async () => {
    const log =
      "Picked up JAVA_TOOL_OPTIONS: \nNo space left on device\nNOTE: Picked up JDK_JAVA_OPTIONS: \n";
    const { cache, done, created } = open({ java: { StatusCode: 1, log } });
    expect(await outcome(cache.prepare(RELEASE, UNPACKING, 0))).toBe(
      "RollgateError command-failed: No space left on device",
    );
    expect(done).toEqual(["look", "require room", "java", "remove shop-prod-app-1-java", "drop"]);
    // The application's own options, which may be in the image too.
    expect(created[0]?.Env).toEqual(["LANG=C.UTF-8", "JAVA_TOOL_OPTIONS=", "JDK_JAVA_OPTIONS="]);
  });

  test("makes the archive without taking the heap that the application starts with", async () => {
    const taking = ["-Xms2g", "-XX:InitialHeapSize=2g", "-XX:InitialRAMPercentage=50", "-XX:+AlwaysPreTouch"];
    const { cache, created } = open({ jvmOptions: ["-Xmx2g", ...taking, "-Dkey=-Xms"] });
    await cache.make(PID, ARCHIVE);
    const { Cmd = [] } = created[0] ?? {};
    expect(Cmd.slice(0, 2)).toEqual(["-Xmx2g", "-Xshare:dump"]);
    expect(Cmd.at(-1)).toBe("@/rollgate/dependencies/k/classpath");
  });

  test("does not start Java once it is asked to stop", async () => {
    const stop = new AbortController();
    const onCreate = () => stop.abort(new Error("the user pressed Ctrl-C"));
    const { cache, done, signals } = open({ onCreate });
    expect(await outcome(cache.make(PID, ARCHIVE, stop.signal))).toContain("the user pressed Ctrl-C");
    expect(done).not.toContain("java");
    expect(done.at(-1)).toBe("remove shop-prod-app-1-java");
    expect(signals).toEqual([stop.signal]);
  });
});
