import { report } from "./report.ts";
import { SetupError } from "./setupError.ts";

/** Exits with one line for what the user can fix, and with a stack trace for our own bugs. */
export function reportFailure(error: unknown): never {
  if (!(error instanceof SetupError)) throw error;
  report(error.message);
  process.exit(1);
}
