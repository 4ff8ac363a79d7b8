import { setTimeout as sleep } from "node:timers/promises";

/** Waits until something has become true, looking every few milliseconds; throws when it takes too long. */
export async function until(isTrue: () => boolean | Promise<boolean>, deadlineSeconds = 30): Promise<void> {
  const deadline = performance.now() + deadlineSeconds * 1000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`it did not happen in ${deadlineSeconds} s: ${isTrue}`);
    await sleep(3);
  }
}
