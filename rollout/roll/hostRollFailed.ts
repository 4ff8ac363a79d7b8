import { GateFailed, messageOf, RollgateError } from "../common/errors.ts";
import type { Phase } from "./reporter.ts";

/** What is known about a host that could not be brought to a release. */
export interface HostFailure {
  /** Only its name: errors may be printed in full, and a host object contains secrets. */
  readonly host: string;
  readonly phase: Phase;
  /** What failed, in one clause. */
  readonly what: string;
  /** Where the host is now, in one clause; its subject is the host. */
  readonly outcome?: string;
  readonly cause: unknown;
  /** The release beside which it was started, if it was. */
  readonly startedBeside?: string;
  /** Why the rollback failed, if it did. */
  readonly backFailure?: unknown;
}

/** One host could not be brought to the release; the message says which gate failed and where the host is now. */
export class HostRollFailed extends GateFailed {
  readonly hosts: readonly string[];
  readonly failure: HostFailure;

  constructor(failure: HostFailure, others: readonly HostFailure[] = []) {
    const message = [
      failure.outcome === undefined ? failure.what : `${failure.what}. ${failure.outcome}`,
      ...others.map((other) => alsoFailed(failure, other)),
    ].join("; ");
    super("host-failed", message, evidenceOf(failure), { cause: failure.cause });
    this.failure = failure;
    this.hosts = [failure, ...others].map(({ host }) => host);
  }
}

/** The failure of a host among a failure and its causes. */
export function hostFailureIn(failure: unknown): HostFailure | undefined {
  for (let error = failure; error instanceof Error; error = error.cause)
    if (error instanceof HostRollFailed) return error.failure;
  return undefined;
}

/** Joins the failures of hosts that were rolled together; a bug of ours comes first. */
export function joinFailures(failures: readonly unknown[]): unknown {
  const [first, ...others] = failures;
  const bug = failures.find((failure) => !(failure instanceof RollgateError));
  if (bug !== undefined) return bug;
  if (!(first instanceof HostRollFailed)) return first;
  const alike = others.filter((other) => other instanceof HostRollFailed);
  return new HostRollFailed(
    first.failure,
    alike.map(({ failure }) => failure),
  );
}

function alsoFailed(first: HostFailure, other: HostFailure): string {
  const isTheSame = messageOf(first.cause) === messageOf(other.cause) && first.phase === other.phase;
  const what = isTheSame ? `${other.host} failed in the same way` : other.what;
  return other.outcome === undefined ? what : `${what}, and ${other.outcome}`;
}

function evidenceOf({ cause, backFailure }: HostFailure): string[] {
  const [forward, back] = [cause, backFailure].map((failure) =>
    failure instanceof GateFailed ? failure.evidence : [],
  );
  if (!back?.length) return [...(forward ?? [])];
  return [...(forward ?? []), "Rolling back failed too:", ...back];
}
