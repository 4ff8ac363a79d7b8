import { counted } from "#rollout/common/counted.ts";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { RollOptions, RollResult } from "#rollout/roll/roll.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { type DesiredRelease, targetOf } from "#rollout/roll/targets.ts";
import type { Orchestrator, Plan, Survey } from "../orchestrator.ts";
import { canaryBeside, lookAtOwn } from "./canaryBeside.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { ClusterLeaseStore } from "./clusterLeaseStore.ts";
import { type Look, lookAt } from "./look.ts";
import { driftOf } from "./manifest.ts";
import { RELEASE } from "./names.ts";
import { refuseForeignDeployment } from "./own.ts";
import { planOf } from "./planOf.ts";
import { rollDeployment } from "./rollDeployment.ts";
import type { Workload } from "./workload.ts";

/** A workload on Kubernetes, which replaces pods by itself. */
export class KubernetesOrchestrator implements Orchestrator {
  readonly #cluster: Cluster;
  readonly #workload: Workload;

  constructor(workload: Workload) {
    this.#workload = workload;
    this.#cluster = openCluster(workload.cluster);
  }

  roll(desired: DesiredRelease, policy: RollPolicy, options: RollOptions): Promise<RollResult> {
    return rollDeployment(this.#cluster, this.#workload, desired, policy, options);
  }

  async survey(): Promise<Survey> {
    const { url, canary } = this.#workload;
    // In the order of a roll.
    const each = [await this.#describeCanary(canary), await this.#describe(this.#workload)];
    const lines = each.filter((line) => line !== undefined);
    return {
      url,
      rollingOrder: lines.map(([name, description]) => `${name}: ${description}`),
      releases: Object.fromEntries(lines),
    };
  }

  async plan(request: RollRequest): Promise<Plan> {
    const { canary } = this.#workload;
    const workloads = [...(canary ? [canary] : []), this.#workload];
    await Promise.all(workloads.map((workload) => refuseForeignDeployment(this.#cluster, workload)));
    const roller = await this.#roller(request.timing.leaseWaitSeconds);
    const warnings = roller === undefined ? [] : [roller];
    const ahead = await Promise.all(
      workloads.map(async (workload) => {
        const { name } = workload;
        const look = await lookAt(this.#cluster, workload);
        return { name, ...planOf(workload, look, targetOf(request, name)) };
      }),
    );
    return {
      hosts: Object.fromEntries(ahead.flatMap(({ name, how }) => (how === undefined ? [] : [[name, how]]))),
      forecast: ahead.flatMap(({ forecast }) => forecast ?? []).join(", then "),
      warnings,
    };
  }

  async findRelease(wanted: string): Promise<string> {
    const { revisions } = await lookAt(this.#cluster, this.#workload);
    const known = [...new Set(revisions.flatMap(({ release }) => release ?? []))];
    const found = known.filter((release) => release === wanted || release.startsWith(`${wanted}-`));
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    throw new InvalidInput(
      "release",
      `expected ${known.join(", ") || "none, since none is kept"}, got ${wanted}`,
    );
  }

  async close(): Promise<void> {}

  /** One that is not declared any more is there only if a roll has not come to its end. */
  async #describeCanary(declared: Workload | undefined): Promise<Line | undefined> {
    if (declared) return this.#describe(declared);
    const left = canaryBeside(this.#workload);
    const isThere = await lookAtOwn(this.#cluster, left).catch(() => undefined);
    return isThere && this.#describe(left);
  }

  async #describe(workload: Workload): Promise<Line> {
    const asked = lookAt(this.#cluster, workload).then(describe);
    return [workload.name, await asked.catch((error: unknown) => `unknown, ${messageOf(error)}`)];
  }

  async #roller(leaseWaitSeconds: number): Promise<string | undefined> {
    const leases = new ClusterLeaseStore(this.#cluster, this.#workload, { expiryMilliseconds: 0 });
    const newest = await leases.newest();
    if (!newest || newest.record.released || leaseWaitSeconds > 0 || (await leases.isGone()))
      return undefined;
    return `${newest.record.owner} has been rolling this fleet since ${newest.record.since}`;
  }
}

/** The name of a workload, and what it runs. */
type Line = readonly [name: string, description: string];

function describe({ deployment, pods }: Look): string {
  if (!deployment) return "nothing";
  const release = deployment.spec?.template.metadata?.annotations?.[RELEASE] ?? "unknown";
  const serving = pods.filter((pod) => pod.serves && pod.release === release).length;
  const replicas = deployment.spec?.replicas ?? 1;
  const few = serving < replicas ? [`${serving} of ${counted(replicas, "pod")} serving`] : [];
  return [release, ...driftOf(deployment), ...few].join(", ");
}
