import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { inRepository } from "../../../tools/inRepository.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

/** Prints each uncaught error, as Pulumi's host of dynamic providers does, and goes on printing for a while. */
const PROVIDER = `
const { ignoreBrokenPipe } = await import("#provider/ignoreBrokenPipe.ts");
const { writeFileSync } = await import("node:fs");
const { setTimeout: sleep } = await import("node:timers/promises");
process.on("uncaughtException", (error) => {
  writeFileSync(process.argv[1] + "/uncaught", error.message);
  console.error(error.stack);
});
ignoreBrokenPipe();
ignoreBrokenPipe();
for (let line = 0; line < 10; line++) {
  console.log("out");
  console.error("err");
  await sleep(50);
}
writeFileSync(process.argv[1] + "/finished", "");
`;

test("a process whose reader is gone finishes its work without an uncaught error", async () => {
  const directory = await temporaryDirectory();
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROVIDER, directory], {
    cwd: inRepository(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  await once(child.stdout, "data");
  child.stdout.destroy();
  child.stderr.destroy();
  const [code] = await once(child, "exit");
  expect(existsSync(join(directory, "uncaught"))).toBe(false);
  expect(existsSync(join(directory, "finished"))).toBe(true);
  expect(code).toBe(0);
});
