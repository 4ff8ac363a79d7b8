import { expect, test } from "vitest";
import type { RunOptions } from "#rollout/machine/machine.ts";
import { StartupCache } from "#rollout/startupCache/startupCache.ts";

/** A cache on a machine that prints nothing, and the arguments of what runs there. */
function open(jvmOptions: string[] = [], onRun = () => {}) {
  const done: (readonly string[])[] = [];
  const run = async (_script: string, args: readonly string[], { signal }: RunOptions = {}) => {
    onRun();
    signal?.throwIfAborted();
    done.push(args);
    return "";
  };
  return { cache: new StartupCache({ run }, "/srv/a", { java: "java", jvmOptions, arguments: [] }), done };
}

test("an archive is no longer made once the roll is asked to stop", async () => {
  const stop = new AbortController();
  const { cache, done } = open([], () => stop.abort(new Error("the user pressed Ctrl-C")));
  await expect(cache.make(4711, "k/a-b.jsa", stop.signal)).rejects.toThrow("the user pressed Ctrl-C");
  expect(done).toEqual([]);
});

test("an archive is made with the options that it depends on, and without those that would do harm", async () => {
  const needed = [
    "-Xmx2g",
    "-XX:+UseZGC",
    "-XX:MaxRAMPercentage=50",
    "--enable-preview",
    "--add-opens=a/b=c",
  ];
  const harmful = [
    "-Xms2g",
    "-XX:InitialHeapSize=2g",
    "-XX:+AlwaysPreTouch",
    "-Xlog:gc:file=gc.log",
    "-XX:StartFlightRecording",
    "-Dcom.sun.management.jmxremote.port=9010",
    "--add-opens",
    "a/b=c",
  ];
  const { cache, done } = open([...needed, ...harmful]);
  await cache.make(4711, "k/a-b.jsa");
  expect(done).toEqual([["/srv/a", "k/a-b.jsa", "java", "4711", expect.any(String), ...needed]]);
});
