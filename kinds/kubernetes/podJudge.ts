import type { Verdict } from "#rollout/analysis/judge.ts";
import { SoakAnalysis } from "#rollout/analysis/soakAnalysis.ts";
import { SoakChecks } from "#rollout/analysis/soakChecks.ts";
import { factsOf } from "#rollout/roll/factsOf.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { PodView } from "./look.ts";
import type { PodCounts } from "./podCounts.ts";
import { PodFailed } from "./podFailure.ts";

/** Judges a pod during its soak by what clients and probes got, and by what others say about it. */
export class PodJudge {
  readonly #analysis: SoakAnalysis | undefined;
  readonly #checks: SoakChecks;
  readonly #waitSeconds: number;
  #verdict: Verdict | undefined;

  constructor(
    pod: PodView,
    release: string,
    { analysis, analysisChecks = [] }: Pick<RollPolicy, "analysis" | "analysisChecks">,
    counts: PodCounts | undefined,
  ) {
    const judged = { slot: pod.name, release, admitted: Date.now() };
    this.#analysis = analysis && counts?.isOn ? new SoakAnalysis(counts, analysis, judged) : undefined;
    const { address = "", port = 0 } = pod;
    this.#checks = new SoakChecks(analysisChecks, factsOf({ host: pod, slot: { address, port } }, release));
    this.#waitSeconds = analysis?.waitSeconds ?? 0;
  }

  /** How long the soak may go on while too little is known. */
  get waitSeconds(): number {
    return this.#verdict?.kind === "undecided" ? this.#waitSeconds : 0;
  }

  /** Throws if the pod has not passed. */
  look(pod: PodView): void {
    this.#verdict = this.#analysis?.look();
    if (this.#verdict?.kind === "worse") {
      throw new PodFailed("worse", "soak", `${pod.name}: ${this.#verdict.message}`, pod);
    }
    const { failure } = this.#checks;
    if (failure) throw new PodFailed(failure.code, "soak", `${pod.name}: ${failure.message}`, pod);
  }

  /** Asks for the last time; returns what was found. */
  async finish(pod: PodView): Promise<string> {
    await this.#checks.finish();
    this.look(pod);
    return [this.#verdict?.message, this.#checks.describe()].filter(Boolean).join("; ");
  }

  async stop(): Promise<void> {
    await this.#checks.stop();
  }
}
