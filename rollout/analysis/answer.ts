/** What came of a question about a release: `nothing` if there is no figure yet, `error` if nobody answered it. */
export interface Answer {
  readonly kind: "good" | "bad" | "nothing" | "error";
  /** Begins with what was asked. */
  readonly message: string;
}
