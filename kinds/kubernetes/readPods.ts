import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { batch, batchSize } from "#rollout/request/batch.ts";
import { integer } from "#rollout/request/fields.ts";
import { order } from "#rollout/request/rollRequest.ts";
import { parse } from "#rollout/request/validate.ts";
import { readAvailability } from "../../settings/availability.ts";
import type { Reader } from "../../settings/reader.ts";
import { log } from "../pulumi.ts";
import type { Pods } from "./kubernetesDescriptors.ts";

const MOST = 1000;
/** A pod has to be scheduled, and its node to pull the image, before the application starts. */
const SCHEDULE_SECONDS = 30;

const times = z.object({
  healthDeadlineSeconds: integer(1, 3600),
  soakSeconds: integer(0, 86_400),
  settleSeconds: integer(0, 3600),
  graceSeconds: integer(0, 3600),
  keepReleases: integer(2, 100),
});

/** How many pods there are and how a roll replaces them; `admitSeconds` is what it takes others to notice a ready pod. */
export function readPods(reader: Reader, admitSeconds: number): Pods {
  const replicas = readReplicas(reader);
  const {
    healthDeadlineSeconds,
    soakSeconds: asked,
    ...rest
  } = parse(times, Object.fromEntries(Object.keys(times.shape).map((key) => [key, reader.number(key)])));
  const soakSeconds = Math.max(asked, admitSeconds);
  return {
    replicas,
    ...readStrategy(reader, replicas),
    soakSeconds,
    progressSeconds: healthDeadlineSeconds + soakSeconds + SCHEDULE_SECONDS,
    ...rest,
  };
}

function readReplicas(reader: Reader): number {
  const given = reader.number("replicas");
  if (given === 0) {
    const why = "a roll has to see its release serve. To stop for a while, use kubectl scale";
    throw new InvalidInput("replicas", `expected 1–${MOST}, got 0: ${why}`);
  }
  return parse(z.object({ replicas: integer(1, MOST) }), { replicas: given }).replicas;
}

/** Kubernetes has one size for all batches. */
function readStrategy(reader: Reader, replicas: number): Pick<Pods, "surge" | "unavailable"> {
  const given = readAvailability(reader, replicas);
  const read = parse(z.object({ order, batch }), { order: given.order, batch: given.batch });
  if (read.batch.length > 1)
    throw new InvalidInput(
      "batch",
      `expected one size on kind kubernetes, since a Deployment has only one, got ${JSON.stringify(read.batch)}`,
    );
  const size = batchSize(read.batch, 0, replicas);
  if (read.order !== "stop-first") return { surge: size, unavailable: 0 };
  if (replicas === 1)
    log.warn("replicas: there is only one, and it stops first, so every roll means downtime.");
  // Like elsewhere, one of them goes on serving, if there are several.
  return { surge: 0, unavailable: Math.min(size, Math.max(1, replicas - 1)) };
}
