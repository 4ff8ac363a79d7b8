import type { FailedPath } from "./requestCounter.ts";

/** An application may have a path for each of its customers. */
const MOST_KEPT = 1_000;
const SHOWN = 10;

/** The paths of requests that failed during a roll. */
export class FailedPaths {
  readonly #paths = new Map<string, FailedPath>();

  add({ path, lost, errors }: FailedPath): void {
    const before = this.#paths.get(path);
    if (!before && this.#paths.size >= MOST_KEPT) return;
    this.#paths.set(path, {
      path,
      lost: lost + (before?.lost ?? 0),
      errors: errors + (before?.errors ?? 0),
    });
  }

  /** Those that failed most, the worst one first. */
  worst(): FailedPath[] {
    const failures = ({ lost, errors }: FailedPath) => lost + errors;
    return [...this.#paths.values()].toSorted((a, b) => failures(b) - failures(a)).slice(0, SHOWN);
  }
}
