import { report } from "./report.ts";
import { SetupError } from "./setupError.ts";

/** Ends with one line for what the user can mend, and with a stack trace for what is our bug. */
export function reportFailure(error: unknown): never {
  if (!(error instanceof SetupError)) throw error;
  report(error.message);
  process.exit(1);
}
