/** nginx's active checks, in the check module's terms. */
export interface CheckPolicy {
  readonly path: string;
  readonly intervalMilliseconds: number;
  readonly rise: number;
  readonly fall: number;
  readonly timeoutMilliseconds: number;
  /** The statuses of a healthy host, such as `200` or `2xx`. */
  readonly expect: readonly string[];
}
