import { counted } from "#rollout/common/counted.ts";
import { GateFailed, messageOf } from "#rollout/common/errors.ts";
import type { TouchedHost } from "#rollout/roll/rollAll.ts";
import { AnsweredTime } from "./answeredTime.ts";
import { complaintsOf } from "./complaintsOf.ts";
import { deploymentIn } from "./deploymentIn.ts";
import { FrontAdmission } from "./front/frontAdmission.ts";
import { FrontPods } from "./front/frontPods.ts";
import { LeavingPods } from "./leavingPods.ts";
import type { Look, PodView } from "./look.ts";
import type { PodCounts } from "./podCounts.ts";
import { lastWarning, podEvidence } from "./podEvidence.ts";
import { PodFailed } from "./podFailure.ts";
import { PodGates } from "./podGates.ts";
import { PodJudge } from "./podJudge.ts";
import type { KubernetesRollContext } from "./rollContext.ts";
import { Standstill } from "./standstill.ts";
import { Watching } from "./watching.ts";

const TELL_MILLISECONDS = 10_000;

/** What is followed, and how strictly. */
export interface Followed {
  readonly release: string;
  readonly soakSeconds: number;
  /** Restarts that pods had before the roll, by their names. */
  readonly restarts: ReadonlyMap<string, number>;
  /** Absent on the way back, where the release is known. */
  readonly counts?: PodCounts | undefined;
  readonly isJudged: boolean;
}

/**
 * Watches Kubernetes replace pods until only those of the current revision are left and all of them have passed their
 * gates; returns those. Throws `PodFailed` with events and log lines of the pod.
 */
export async function followPods(followed: Followed, context: KubernetesRollContext): Promise<TouchedHost[]> {
  return new Following(followed, context).run();
}

class Following {
  readonly #followed: Followed;
  readonly #context: KubernetesRollContext;
  readonly #gates = new Map<string, PodGates>();
  readonly #time = new AnsweredTime();
  readonly #leaving: LeavingPods;
  #last: Look | undefined;
  readonly #standstill: Standstill;
  readonly #admission: FrontAdmission | undefined;
  readonly #watching: Watching;
  #told = performance.now();

  constructor(followed: Followed, context: KubernetesRollContext) {
    this.#followed = followed;
    this.#context = context;
    this.#leaving = new LeavingPods(context);
    const { cluster, workload } = context;
    const { admitSeconds = 0 } = workload.front ?? {};
    this.#standstill = new Standstill(context.policy, followed.soakSeconds + admitSeconds, this.#time);
    // What is known to be good need not wait for anybody.
    this.#admission =
      workload.front && followed.isJudged
        ? new FrontAdmission(new FrontPods(cluster, workload, workload.front.name), this.#time)
        : undefined;
    this.#watching = new Watching(context, this.#time, (error) => this.#tell(`waiting: ${messageOf(error)}`));
  }

  async run(): Promise<TouchedHost[]> {
    const { cluster, workload, signal, redact } = this.#context;
    try {
      for (;;) {
        signal.throwIfAborted();
        if (
          (await this.#seemsOver(await this.#watching.look())) &&
          (await this.#isDone(await this.#watching.lookItself()))
        ) {
          return [...this.#gates].map(([host, { times }]) => ({ host, times }));
        }
        await this.#watching.change();
      }
    } catch (error) {
      if (!(error instanceof PodFailed)) throw error;
      throw error.with(await podEvidence(cluster, workload.namespace, error.pod, redact));
    } finally {
      await Promise.all([...this.#gates.values()].map((gates) => gates.stop()));
      await this.#watching.end();
    }
  }

  /** Whether it is done or has failed, as far as watches have told; the API itself has the last word. */
  async #seemsOver(look: Look): Promise<boolean> {
    try {
      return await this.#isDone(look);
    } catch (error) {
      if (!(error instanceof GateFailed)) throw error;
      return true;
    }
  }

  async #isDone(look: Look): Promise<boolean> {
    const { current } = look;
    const deployment = deploymentIn(look);
    const wanted = deployment.spec?.replicas ?? 1;
    this.#last = look;
    if (!current) {
      await this.#goesOn("unseen", [], 0, wanted);
      return false;
    }
    const fresh = look.pods.filter(({ hash, isEnding }) => hash === current.hash && !isEnding);
    this.#forgetLeft(fresh, wanted);
    this.#followed.counts?.follow(look.pods, this.#context.workload.name);
    this.#leaving.look(look.pods.filter((pod) => !fresh.includes(pod)));
    const admitted = await this.#admitted(fresh);
    for (const pod of fresh) await this.#gatesOf(pod).look({ ...pod, serves: admitted(pod) });
    const {
      replicas = 0,
      updatedReplicas = 0,
      readyReplicas = 0,
      availableReplicas = 0,
    } = deployment.status ?? {};
    const arrived = this.#followed.isJudged ? availableReplicas : readyReplicas;
    const others = look.pods.filter(({ hash, serves }) => hash !== current.hash && serves);
    const isReplaced = replicas === wanted && updatedReplicas === wanted && arrived === wanted;
    const passed = fresh.filter(({ name }) => this.#gates.get(name)?.isDone).length;
    if (isReplaced && passed === wanted && fresh.length === wanted && others.length === 0) return true;
    const pods = fresh.map(({ name, isReady }) => `${name} ${isReady} ${this.#gates.get(name)?.phase}`);
    const state = [replicas, updatedReplicas, arrived, passed, others.length, ...pods].join();
    await this.#goesOn(state, fresh, passed, wanted);
    return false;
  }

  /** Which pods get requests: those of the Service, and where nginx is in front, those that it finds up. */
  async #admitted(fresh: readonly PodView[]): Promise<(pod: PodView) => boolean> {
    const serves = ({ serves }: PodView) => serves;
    const isWaiting = ({ name, serves, isReady }: PodView) =>
      serves && isReady && this.#gates.get(name)?.phase !== "soak";
    if (!this.#admission || !fresh.some(isWaiting)) return serves;
    const up = await this.#admission.look();
    return (pod) => pod.serves && up.has(pod.name);
  }

  #gatesOf(pod: PodView): PodGates {
    const { soakSeconds, release, restarts, isJudged, counts } = this.#followed;
    const { policy, workload, report } = this.#context;
    const known = this.#gates.get(pod.name);
    if (known) return known;
    const gates = new PodGates({
      policy,
      soakSeconds,
      service: workload.front?.entrance ?? workload.service,
      ...(workload.front && { admitSeconds: workload.front.admitSeconds }),
      ...(this.#admission && { complaint: () => this.#admission?.complaint ?? "" }),
      earlierRestarts: restarts.get(pod.name),
      time: this.#time,
      report,
      judge: (judged) => (isJudged ? new PodJudge(judged, release, policy, counts) : undefined),
    });
    this.#gates.set(pod.name, gates);
    return gates;
  }

  /** Somebody may drain a node meanwhile; Kubernetes starts another pod elsewhere. */
  #forgetLeft(fresh: readonly PodView[], wanted: number): void {
    for (const [name, gates] of this.#gates) {
      if (fresh.some((pod) => pod.name === name)) continue;
      void gates.stop();
      this.#gates.delete(name);
      // It is one too many.
      if (fresh.length >= wanted) continue;
      this.#context.report("drain", "was taken away by Kubernetes or a person; another one takes its place", {
        name,
      });
    }
  }

  /** Says what it waits for; throws if nothing has moved for too long. */
  async #goesOn(state: string, fresh: readonly PodView[], passed: number, wanted: number): Promise<void> {
    const why = complaintsOf(this.#last).join("; ") || "Kubernetes does not say why";
    this.#standstill.refuse(state, why);
    if (performance.now() - this.#told < TELL_MILLISECONDS) return;
    const { cluster, workload } = this.#context;
    const unready = fresh.find(({ isReady }) => !isReady);
    const warning = unready && (await lastWarning(cluster, workload.namespace, unready.name));
    const detail = [unready?.unschedulable ?? warning, ...complaintsOf(this.#last)]
      .filter(Boolean)
      .join("; ");
    const ready = `${passed} of ${counted(wanted, "pod")} passed`;
    this.#tell(detail === "" ? `waiting: ${ready}` : `waiting: ${ready}; ${detail}`);
  }

  #tell(message: string): void {
    if (performance.now() - this.#told < TELL_MILLISECONDS) return;
    this.#told = performance.now();
    this.#context.report("wait", message, this.#context.workload);
  }
}
