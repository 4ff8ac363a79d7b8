import { z } from "zod";
import { RollgateError } from "#rollout/common/errors.ts";
import type { AskedPods, FrontPod } from "./frontPods.ts";

/** nginx asks the API each second; this is well above what a busy node takes. */
const STALE_SECONDS = 15;

const answer = z.object({
  servers: z.object({
    server: z.array(z.object({ host: z.string(), status: z.string(), drained: z.boolean() })),
  }),
  /** Absent in an nginx of an earlier version. */
  list: z.object({ ageSeconds: z.number(), problem: z.string() }).exactOptional(),
});

/** What a pod of nginx knows of the pods behind it. */
export interface FrontStatus {
  /** The names of the pods that it sends requests to. */
  readonly up: ReadonlySet<string>;
  /** What is wrong if its list of the pods is out of date. */
  readonly stale?: string;
}

/** Asks a pod of nginx. */
export async function frontStatus(pods: AskedPods, pod: FrontPod): Promise<FrontStatus> {
  const read = answer.safeParse(await pods.ask(pod, "/status?format=json"));
  if (!read.success)
    throw new RollgateError("no-answer", `pod ${pod.name}: expected its status, got another answer`);
  const { servers, list } = read.data;
  const up = servers.server.filter(({ status, drained }) => status === "up" && !drained);
  const status = { up: new Set(up.map(({ host }) => host)) };
  if (!list || list.ageSeconds < STALE_SECONDS) return status;
  const why = list.problem === "" ? "" : ` (${list.problem})`;
  const stale = `pod ${pod.name} has not got the list of pods from the cluster's API for ${Math.round(list.ageSeconds)} s${why}, so it sends requests to those it knew then`;
  return { ...status, stale };
}

/** The pods of nginx that clients come to. */
export async function servingFronts(pods: AskedPods): Promise<readonly FrontPod[]> {
  return (await pods.list()).filter(({ isReady, isEnding }) => isReady && !isEnding);
}
