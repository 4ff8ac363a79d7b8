import { readFile, rm, writeFile } from "node:fs/promises";

interface Noted {
  readonly pid: number;
  readonly kind: string;
  readonly server: string;
  readonly what: string;
  readonly began: number;
  readonly milliseconds: number;
}

const [LONGEST_WORDS, LONGEST_ARGUMENTS] = [60, 100];

/** Runs some work, and returns a line for each login, script and request of the processes that Pulumi starts meanwhile. */
export async function tripsOf(file: string, work: () => Promise<unknown>): Promise<string[]> {
  const { href } = new URL("./traceTrips.ts", import.meta.url);
  const { NODE_OPTIONS } = process.env;
  Object.assign(process.env, { NODE_OPTIONS: `--import ${href}`, ROLLGATE_BENCH_TRIPS: file });
  await writeFile(file, "");
  const began = performance.timeOrigin + performance.now();
  try {
    await work();
    const lines = (await readFile(file, "utf8")).split("\n").filter(Boolean);
    const trips = lines.map((line): Noted => JSON.parse(line)).sort((a, b) => a.began - b.began);
    const processes = [...new Set(trips.map(({ pid }) => pid))];
    return trips.map(({ pid, kind, server, ...trip }) => {
      const times = [trip.began - began, trip.milliseconds].map((time) =>
        (time / 1000).toFixed(2).padStart(6),
      );
      return `${times.join(" ")} ${processes.indexOf(pid) + 1} ${kind.padEnd(10)} ${server.padEnd(10)} ${worded(trip.what)}`;
    });
  } finally {
    process.env.NODE_OPTIONS = NODE_OPTIONS ?? "";
    await rm(file);
  }
}

/** Of a script, its last line and its arguments. */
function worded(what: string): string {
  const [script = "", ...args] = what.split("\0");
  const last = script.trim().split("\n").at(-1)?.trim() ?? "";
  const given = args.map((arg) => arg.replace(/^.*\/srv\b/, "…").replaceAll("\n", " ")).join(" ");
  return `${last.slice(0, LONGEST_WORDS)} ${given.slice(0, LONGEST_ARGUMENTS)}`;
}
