import { expect, test } from "vitest";
import type { RunOptions } from "#rollout/machine/machine.ts";
import { StartupCache } from "#rollout/startupCache/startupCache.ts";

test("a JVM is no longer asked for its classes once the roll is asked to stop", async () => {
  const stop = new AbortController();
  const done: string[] = [];
  const run = async (script: string, args: readonly string[], { signal }: RunOptions = {}) => {
    if (!script.startsWith("rm ")) stop.abort(new Error("the user pressed Ctrl-C"));
    signal?.throwIfAborted();
    done.push([script, ...args].join(" "));
    return "";
  };
  const cache = new StartupCache({ run }, "/srv/a", { java: "java", jvmOptions: [], arguments: [] });
  await expect(cache.record("1.0.0", 4711, "a-b.jsa", stop.signal)).rejects.toThrow(
    "the user pressed Ctrl-C",
  );
  expect(done).toEqual(['rm -f "$1/releases/$2/startup/ask.$3" /srv/a 1.0.0 4711']);
});
