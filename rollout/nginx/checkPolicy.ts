/** Active checks by nginx itself, in the check module's terms. */
export interface CheckPolicy {
  readonly path: string;
  readonly intervalMilliseconds: number;
  readonly rise: number;
  readonly fall: number;
  readonly timeoutMilliseconds: number;
  /** The statuses of a healthy host: `200`, or a whole class such as `2xx`. */
  readonly expect: readonly string[];
}
