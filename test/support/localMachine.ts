import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TestContext } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** This machine as one that files must be uploaded to. */
class FarMachine extends LocalMachine {
  override readonly sharesFiles = false;
}

/** The shells and tools of machines: this machine's own, and Alpine's. */
export const SHELLS = ["sh", "busybox"] as const;

/** This machine with the shell and tools of one kind; skips the test if there are none. */
export async function localMachine(
  shell: (typeof SHELLS)[number],
  context: TestContext,
): Promise<LocalMachine> {
  if (shell === "sh") return new FarMachine();
  const busybox = (await findExecutable("busybox")) ?? "";
  context.skip(busybox === "", "this machine has no busybox");
  const tools = await temporaryDirectory();
  await promisify(execFile)(busybox, ["--install", "-s", tools]);
  return new FarMachine({ shell: `${tools}/sh`, path: tools });
}
