import { RollgateError } from "../common/errors.ts";
import type { AnalysisCheck } from "../request/analysisChecks.ts";
import type { Facts } from "../request/placeholders.ts";
import type { Answer } from "./answer.ts";
import { askCheck } from "./askCheck.ts";
import type { WebClient } from "./webClient.ts";

/** A check that is asked again and again, and what came of it. */
export class AskedCheck {
  readonly intervalSeconds: number;
  readonly #check: AnalysisCheck;
  readonly #facts: Facts;
  readonly #client: WebClient;
  #last: Answer | undefined;
  #hasAnswered = false;
  #failures = 0;
  #errors = 0;
  #failure: RollgateError | undefined;

  constructor(check: AnalysisCheck, facts: Facts, client: WebClient) {
    this.intervalSeconds = check.intervalSeconds;
    this.#check = check;
    this.#facts = facts;
    this.#client = client;
  }

  /** Why the release has not passed it, if so. */
  get failure(): RollgateError | undefined {
    return this.#failure;
  }

  /** The last answer, in a few words. */
  get message(): string {
    return this.#last?.message ?? "";
  }

  async ask(signal: AbortSignal): Promise<void> {
    const answer = await askCheck(this.#check, this.#facts, this.#client, signal);
    if (signal.aborted) return;
    this.#last = answer;
    const { onError, onNoData, consecutiveFailures, consecutiveErrors } = this.#check;
    if (answer.kind === "error") {
      if (onError === "fail" && ++this.#errors >= consecutiveErrors)
        this.#fail("check-unanswered", this.#errors);
      return;
    }
    this.#hasAnswered = true;
    this.#errors = 0;
    if (answer.kind === "good") this.#failures = 0;
    const isBad = answer.kind === "bad" || (answer.kind === "nothing" && onNoData === "fail");
    if (isBad && ++this.#failures >= consecutiveFailures) this.#fail("check-failed", this.#failures);
  }

  /** Call it after the last question: a check that never got an answer has not been passed. */
  end(): void {
    if (!this.#hasAnswered && this.#errors > 0) this.#fail("check-unanswered", this.#errors);
  }

  #fail(code: string, inARow: number): void {
    const times = inARow === 1 ? "" : `, ${inARow} times in a row`;
    this.#failure ??= new RollgateError(code, `${this.message}${times}`);
  }
}
