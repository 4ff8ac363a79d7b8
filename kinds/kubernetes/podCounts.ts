import type { Counted } from "#rollout/analysis/soakAnalysis.ts";
import type { CountedInRoll } from "#rollout/ledger/countedInRoll.ts";
import { describeLedger, describeProbes } from "#rollout/ledger/describeLedger.ts";
import { figuresOf, type LedgerFigures } from "#rollout/ledger/figures.ts";
import { Ledger } from "#rollout/ledger/ledger.ts";
import type { LedgerRow } from "#rollout/ledger/ledgerSums.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { Cluster } from "./cluster.ts";
import { FrontCounter } from "./front/frontCounter.ts";
import { FrontPods } from "./front/frontPods.ts";
import type { PodView } from "./look.ts";
import { PodProbes } from "./podProbes.ts";
import type { Workload } from "./workload.ts";

/** What clients got, if nginx in front counts it, and what probe requests got, if the roll sends any. */
export class PodCounts implements Counted {
  readonly #ledger: Ledger;
  readonly #probes: PodProbes | undefined;
  readonly #seen = new Set<string>();
  #since = Math.floor(Date.now() / 1000);

  constructor(
    cluster: Cluster,
    workload: Pick<Workload, "namespace" | "front">,
    { probeTraffic }: Pick<RollPolicy, "probeTraffic">,
    { session, warn }: { readonly session: number; warn(message: string): void },
  ) {
    const { namespace, front } = workload;
    const counters = front ? [new FrontCounter(new FrontPods(cluster, workload, front.name), session)] : [];
    this.#ledger = new Ledger([], counters, warn);
    this.#probes = probeTraffic && new PodProbes(cluster, namespace, probeTraffic);
  }

  /** Returns once nginx counts, or has failed to. */
  begin(): Promise<void> {
    return this.#ledger.begin();
  }

  /** From now on, pods change; what was counted until now shows how it was before. */
  rollBegins(): void {
    this.#ledger.rollBegins();
    this.#since = this.#ledger.rollsSince;
  }

  /** These are the pods of a workload from now on; `isBefore` is whether they were there before the roll. */
  follow(pods: readonly PodView[], workload: string, isBefore = false): void {
    this.#probes?.follow(pods, workload);
    for (const { name, release = "unknown", serves } of pods) {
      if (!serves || this.#seen.has(name)) continue;
      this.#seen.add(name);
      if (isBefore) this.#ledger.sees({ name }, release);
      else this.#ledger.admits({ name }, release);
    }
  }

  rows(): readonly LedgerRow[] {
    return this.#ledger.rows();
  }

  probes(): readonly LedgerRow[] {
    return this.#probes?.probes() ?? NO_ROWS;
  }

  admittedAt(pod: string): number | undefined {
    return this.#ledger.admittedAt(pod);
  }

  /** Whether anything is counted by which a pod can be judged. */
  get isOn(): boolean {
    return this.#ledger.isOn || this.#probes !== undefined;
  }

  /** Stops counting, once all that was counted is here; may be called again. */
  async end(): Promise<void> {
    await Promise.all([this.#ledger.end(), this.#probes?.end()]);
  }

  /** What was counted, in a line; `undefined` if nothing was. */
  describe(): string | undefined {
    const figures = this.figures();
    if (!figures) return undefined;
    if (this.#ledger.isOn) return describeLedger(this.rows(), this.#since, this.probes());
    return figures.probes && describeProbes(figures.probes);
  }

  figures(): LedgerFigures | undefined {
    const figures = figuresOf(this.rows(), this.#since, this.probes());
    return this.#ledger.isOn || figures.probes ? figures : undefined;
  }

  counted(): CountedInRoll | undefined {
    const figures = this.figures();
    if (!figures) return undefined;
    const { probes } = figures;
    return { ledger: this.rows(), changesFrom: this.#since, ...(probes && { probes }) };
  }
}

const NO_ROWS: readonly LedgerRow[] = [];
