import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * Runs what `npm test` runs, and ends with a line for each failed test and one such as `12 passed, 0 failed, 1 skipped`. The
 * tests of containers, servers and the CLI wait for others most of the time, so two of these projects run at once.
 */
const FIRST = ["unit", "integration"];
/** The longest ones first. */
const SIDE_BY_SIDE = ["endToEnd", "docker", "ssh"];
const LANES = 2;

const counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];

/** Counts the tests of these projects. Each line of their output gets the name of a project that does not run alone. */
async function run(projects: readonly string[], prefix = ""): Promise<void> {
  const chosen = projects.flatMap((name) => ["--project", name]);
  const reporters = ["--reporter=default", "--reporter=./test/support/plainSummary.ts"];
  const child = spawn("vitest", ["run", ...chosen, ...reporters], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<number | null>((resolve, reject) =>
    child.on("error", reject).on("close", resolve),
  );
  let summary: RegExpExecArray | undefined;
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith("FAILED ")) failures.push(line);
    summary = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line) ?? summary;
    console.log(`${prefix}${line}`);
  }
  const code = await exited;
  const [passed = 0, failed = 0, skipped = 0] = summary?.slice(1).map(Number) ?? [];
  counts.passed += passed;
  counts.skipped += skipped;
  // A run may also fail without a failed test, or end before it has counted any.
  counts.failed += code === 0 ? failed : Math.max(failed, 1);
}

await run(FIRST);
const waiting = [...SIDE_BY_SIDE];
const lane = async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
    await run([name], `${name} | `);
};
await Promise.all(Array.from({ length: LANES }, lane));
for (const line of failures) console.log(line);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
