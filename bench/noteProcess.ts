import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { TICKS_PER_SECOND, ticksIn } from "./ticksIn.ts";

/** Longer than any note. */
const LENGTH = 500;

// Loaded first by the processes that Pulumi starts; it may kill them, so they note their times again and again.
const [, entry] = /cmd\/(run|dynamic-provider)\//.exec(process.argv[1] ?? "") ?? [];
const folder = process.env.ROLLGATE_BENCH_PROCESSES;
if (entry !== undefined && folder !== undefined) {
  const role = entry === "run" ? "program" : "providers";
  const file = openSync(join(folder, String(process.pid)), "w");
  const note = () => {
    const { user, system } = process.cpuUsage();
    const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
    const times = { lived: performance.now() / 1000, processor: (user + system) / 1e6, megabytes };
    const children = ticksIn(readFileSync("/proc/self/stat", "utf8"), "children") / TICKS_PER_SECOND;
    // In one piece, because Pulumi may kill the process in the middle of it; to rename a file takes milliseconds.
    const text = JSON.stringify({ role, began: performance.timeOrigin, ...times, children });
    writeSync(file, text.padEnd(LENGTH), 0);
  };
  note();
  setInterval(note, 20).unref();
  process.on("exit", note);
}
