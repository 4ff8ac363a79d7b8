import { counted } from "#rollout/common/counted.ts";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { RollOptions, RollResult } from "#rollout/roll/roll.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { DesiredRelease } from "#rollout/roll/targets.ts";
import type { Orchestrator, Plan, Survey } from "../orchestrator.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { ClusterLeaseStore } from "./clusterLeaseStore.ts";
import { lookAt } from "./look.ts";
import { driftOf } from "./manifest.ts";
import { RELEASE } from "./names.ts";
import { refuseForeignDeployment } from "./own.ts";
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
    const { name, url } = this.#workload;
    const description = await this.#describe().catch((error: unknown) => `unknown, ${messageOf(error)}`);
    return { url, rollingOrder: [`${name}: ${description}`], releases: { [name]: description } };
  }

  async plan({ timing }: RollRequest): Promise<Plan> {
    const { name } = this.#workload;
    await refuseForeignDeployment(this.#cluster, this.#workload);
    const { deployment, current } = await lookAt(this.#cluster, this.#workload);
    const roller = await this.#roller(timing.leaseWaitSeconds);
    const warnings = roller === undefined ? [] : [roller];
    if (!deployment) return { hosts: {}, forecast: "", warnings };
    const { replicas = 1, minReadySeconds = 0, strategy } = deployment.spec ?? {};
    const surge = strategy?.rollingUpdate?.maxSurge ?? 1;
    const soak = minReadySeconds > 0 ? `, ${minReadySeconds} s of soak each` : "";
    return {
      hosts: { [name]: `${counted(replicas, "pod")}, ${surge} more at a time` },
      forecast: `Kubernetes replaces ${counted(replicas, "pod")} of ${current?.release ?? "the current release"}${soak}`,
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

  async #describe(): Promise<string> {
    const { deployment, pods } = await lookAt(this.#cluster, this.#workload);
    if (!deployment) return "nothing";
    const release = deployment.spec?.template.metadata?.annotations?.[RELEASE] ?? "unknown";
    const serving = pods.filter((pod) => pod.serves && pod.release === release).length;
    const replicas = deployment.spec?.replicas ?? 1;
    const few = serving < replicas ? [`${serving} of ${counted(replicas, "pod")} serving`] : [];
    return [release, ...driftOf(deployment), ...few].join(", ");
  }

  async #roller(leaseWaitSeconds: number): Promise<string | undefined> {
    const leases = new ClusterLeaseStore(this.#cluster, this.#workload, { expiryMilliseconds: 0 });
    const newest = await leases.newest();
    if (!newest || newest.record.released || leaseWaitSeconds > 0 || (await leases.isGone()))
      return undefined;
    return `${newest.record.owner} has been rolling this fleet since ${newest.record.since}`;
  }
}
