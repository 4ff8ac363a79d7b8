import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

/** What a program prints that waits for something which keeps no process alive, as `later()` does. */
async function printedBy(waiting: string): Promise<string> {
  const program = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { keepingProcess } from "#rollout/common/keepingProcess.ts";
    import { preflight } from "./settings/preflight.ts";
    const later = () => sleep(500, {}, { ref: false });
    const patience = { seconds: 1, betweenMilliseconds: 0, onWait() {} };
    ${waiting}.then(() => console.log("declared"));
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);
  return stdout.trim();
}

test("a program does not end while it waits for what keeps no process alive", async () => {
  expect(await printedBy("later()")).toBe("");
  expect(await printedBy("keepingProcess(later())")).toBe("declared");
});

test("nor during its preflight", async () => {
  const waiting = 'preflight({ rollout: {}, preflight: later }, { prefix: "" }, patience)';
  expect(await printedBy(waiting)).toBe("declared");
});
