import type { CoreV1Event } from "@kubernetes/client-node";
import { messageOf } from "#rollout/common/errors.ts";
import { plainLine } from "#rollout/common/plainLine.ts";
import { tellingLines } from "#rollout/roll/tellingLines.ts";
import type { Cluster } from "./cluster.ts";
import type { PodView } from "./look.ts";

const READ_LINES = 200;
const SHOWN_LINES = 15;
const SHOWN_EVENTS = 5;

/** The last warnings of Kubernetes about a pod, and the log lines that explain why it failed. Never throws. */
export async function podEvidence(
  cluster: Cluster,
  namespace: string,
  pod: PodView,
  redact: (text: string) => string,
): Promise<string[]> {
  const lines = await Promise.all([
    eventsOf(cluster, namespace, pod.name).catch((error) => [
      `Its events could not be read: ${messageOf(error)}`,
    ]),
    logOf(cluster, namespace, pod).catch((error) => [`Its log could not be read: ${messageOf(error)}`]),
  ]);
  return lines.flat().map((line) => plainLine(redact(line)));
}

/** The newest warning, if there is any. */
export async function lastWarning(
  cluster: Cluster,
  namespace: string,
  pod: string,
): Promise<string | undefined> {
  const [newest] = (await warningsOf(cluster, namespace, pod).catch(() => [])).toReversed();
  return newest && plainLine(newest.message ?? "");
}

async function warningsOf({ core, ask }: Cluster, namespace: string, pod: string): Promise<CoreV1Event[]> {
  const fieldSelector = `involvedObject.name=${pod},type=Warning`;
  const { items } = await ask(core.listNamespacedEvent({ namespace, fieldSelector }));
  return items.toSorted((a, b) => seenAt(a) - seenAt(b));
}

async function eventsOf(cluster: Cluster, namespace: string, pod: string): Promise<string[]> {
  const warnings = (await warningsOf(cluster, namespace, pod)).slice(-SHOWN_EVENTS);
  return warnings.map(({ reason, message, count = 1 }) => {
    const times = count > 1 ? ` (${count} times)` : "";
    return `${pod}: ${reason}${times}: ${message}`;
  });
}

async function logOf({ core, ask }: Cluster, namespace: string, pod: PodView): Promise<string[]> {
  const hasStarted = pod.state?.running !== undefined || pod.state?.terminated !== undefined;
  if (!hasStarted && pod.restarts === 0) return [];
  const read = (previous: boolean) =>
    ask(core.readNamespacedPodLog({ name: pod.name, namespace, tailLines: READ_LINES, previous }));
  // Of the run that failed, if it is still there.
  const log = await (pod.restarts > 0 ? read(true).catch(() => read(false)) : read(false));
  const previous = pod.restarts > 0 ? " --previous" : "";
  return [
    ...tellingLines(String(log ?? "").split("\n"), SHOWN_LINES),
    `Full log: kubectl logs --namespace ${namespace} ${pod.name}${previous}`,
  ];
}

function seenAt({ lastTimestamp, eventTime, firstTimestamp }: CoreV1Event): number {
  return (lastTimestamp ?? eventTime ?? firstTimestamp ?? new Date(0)).getTime();
}
