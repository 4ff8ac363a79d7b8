/** `ErrorOptions`, which the TypeScript of a program that uses the package may not know. */
interface Because {
  readonly cause?: unknown;
}

/** A failure that is not a bug of ours; its message is one complete line for the user. */
export class RollgateError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: Because) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Invalid input from the user; `property` is its path, such as `hosts[2].port`. */
export class InvalidInput extends RollgateError {
  readonly property: string;
  readonly reason: string;

  constructor(property: string, reason: string, options?: Because) {
    super("invalid-input", `${property}: ${reason}`, options);
    this.property = property;
    this.reason = reason;
  }
}

/** A host did not pass a gate; `evidence` holds lines worth showing, such as the end of the log. */
export class GateFailed extends RollgateError {
  readonly evidence: readonly string[];

  constructor(code: string, message: string, evidence: readonly string[] = [], options?: Because) {
    super(code, message, options);
    this.evidence = evidence;
  }
}

/** The roll stopped; the message says why and what state every host is in. */
export class RollFailed extends RollgateError {
  readonly evidence: readonly string[];

  constructor(message: string, evidence: readonly string[], options?: Because) {
    super("roll-failed", message, options);
    this.evidence = evidence;
  }
}

/** The one-line message of anything that was thrown. */
export function messageOf(error: unknown): string {
  // Connecting to a name with several addresses failed; Node puts the reasons only into the parts.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is a system error with this code, such as `ENOENT`. */
export function isSystemError(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
