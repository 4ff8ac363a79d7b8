import { setTimeout as sleep } from "node:timers/promises";
import type { V1Deployment, V1Job, V1Pod } from "@kubernetes/client-node";
import { RollgateError } from "#rollout/common/errors.ts";
import type { Command, Ended, Output } from "#rollout/hooks/command.ts";
import { orNothing } from "./cluster.ts";
import { deleteJob } from "./deleteWithPods.ts";
import { jobOf, OVERDUE, SPARE_SECONDS } from "./jobOf.ts";
import { viewOf } from "./look.ts";
import { hookJobOf } from "./names.ts";
import { isOwn, ownerOf } from "./own.ts";
import { patiently } from "./patiently.ts";
import { failureOf } from "./podFailure.ts";
import { PodLog } from "./podLog.ts";
import { PodlessJob } from "./podlessJob.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

const LOOK_MILLISECONDS = 500;

/** A command that needs what an application has, and a Deployment that has it. */
export interface HookTask {
  readonly deployment: V1Deployment | undefined;
  readonly command: Command;
}

/**
 * Runs a command once in a Job whose pod has the image, the environment and the limits of the application, but gets no
 * requests. The cluster ends it at its deadline, even if the deployer has died.
 */
export async function runJob(
  { cluster, workload }: Pick<KubernetesRollContext, "cluster" | "workload">,
  { deployment, command }: HookTask,
  output: Output,
): Promise<Ended> {
  const { batch, ask } = cluster;
  const { namespace } = workload;
  const owner = ownerOf(workload);
  const name = hookJobOf(owner);
  const earlier = await orNothing(ask(batch.readNamespacedJob({ name, namespace })));
  if (earlier && !isOwn(earlier, owner))
    throw new RollgateError("name-taken", `Job ${name} in namespace ${namespace} is somebody else's`);
  // That of a dead deployer, perhaps.
  if (earlier) await deleteJob(cluster, earlier);
  const body = jobOf(name, owner, deployment, command);
  const job = await ask(batch.createNamespacedJob({ namespace, body }));
  try {
    return await new Running(cluster, job, command.deadlineSeconds, output).follow();
  } finally {
    await deleteJob(cluster, job).catch(() => {});
  }
}

/** A Job that runs, and the log of its only pod. */
class Running {
  readonly #cluster: KubernetesRollContext["cluster"];
  readonly #namespace: string;
  readonly #labelSelector: string;
  readonly #podless: PodlessJob;
  readonly #until: number;
  readonly #output: Output;
  #log: PodLog | undefined;

  constructor(
    cluster: KubernetesRollContext["cluster"],
    job: V1Job,
    deadlineSeconds: number,
    output: Output,
  ) {
    const { metadata = {} } = job;
    this.#cluster = cluster;
    this.#podless = new PodlessJob(cluster, job);
    this.#namespace = metadata.namespace ?? "";
    this.#labelSelector = `job-name=${metadata.name}`;
    this.#until = performance.now() + (deadlineSeconds + SPARE_SECONDS) * 1000;
    this.#output = output;
  }

  async follow(): Promise<Ended> {
    for (;;) {
      const pod = await patiently(() => this.#pod());
      const ended = pod && (await this.#look(pod));
      if (ended !== undefined) return ended;
      const reason = pod ? undefined : await patiently(() => this.#podless.reason());
      if (reason !== undefined) throw new RollgateError("task-lost", reason);
      if (performance.now() > this.#until) throw new RollgateError("task-lost", this.#describe(pod));
      await sleep(LOOK_MILLISECONDS);
    }
  }

  async #pod(): Promise<V1Pod | undefined> {
    const { core, ask } = this.#cluster;
    const [namespace, labelSelector] = [this.#namespace, this.#labelSelector];
    const { items } = await ask(core.listNamespacedPod({ namespace, labelSelector }));
    return items[0];
  }

  async #look(pod: V1Pod): Promise<Ended | undefined> {
    const view = viewOf(pod);
    const { state } = view;
    if (state?.running || state?.terminated) {
      this.#log ??= new PodLog(this.#cluster, this.#namespace, view.name);
      await this.#tell(this.#log, state.terminated !== undefined);
    }
    if (pod.status?.reason === OVERDUE) return "overdue";
    if (state?.terminated) return state.terminated.exitCode;
    if (view.isEnding)
      throw new RollgateError("task-lost", `${view.name} was ended: ${pod.status?.message ?? "deleted"}`);
    const failure = failureOf(view, "hook", 0);
    if (failure) throw failure;
    return undefined;
  }

  /** What it prints does not decide about it: a log that can't be read must not end a command halfway. */
  async #tell(log: PodLog, isLast: boolean): Promise<void> {
    try {
      const printed = await (isLast ? patiently(() => log.read()) : log.read());
      if (printed) this.#output(printed);
    } catch (error) {
      if (!(error instanceof RollgateError)) throw error;
    }
  }

  #describe(pod: V1Pod | undefined): string {
    const why = pod && viewOf(pod).unschedulable;
    return why === undefined ? "it did not report how it ended" : `it was on no node (${why})`;
  }
}
