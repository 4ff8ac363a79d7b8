import { stripVTControlCharacters } from "node:util";
import type { Reporter, TestModule } from "vitest/node";

/** Ends the run with a line for each failure, such as `FAILED test/unit/a.test.ts > adds: …`, and one for programs: `12 passed, 0 failed, 1 skipped`. */
export default class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const failures = unhandledErrors.map((error) => failure("outside of a test", [error]));
    for (const module of modules) {
      if (module.errors().length > 0) {
        counts.failed++;
        failures.push(failure(module.relativeModuleId, module.errors()));
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        counts[state === "pending" ? "skipped" : state]++;
        if (state === "failed")
          failures.push(failure(`${module.relativeModuleId} > ${test.fullName}`, errors));
      }
    }
    // After the other reporters' own summary.
    process.on("exit", () => {
      for (const line of failures) console.log(line);
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    });
  }
}

/** One line, whatever the message. */
function failure(where: string, errors: readonly unknown[] = []): string {
  const messages = errors.map((error) => (error as Partial<Error>)?.message ?? String(error));
  const line = stripVTControlCharacters(`FAILED ${where}: ${messages.join("; ")}`);
  return line.replace(/\s+/g, " ").slice(0, 500);
}
