import { GateFailed, messageOf, RollgateError } from "../common/errors.ts";
import { HostRollFailed } from "./hostRollFailed.ts";

const AGAIN = "then run `pulumi up` again";
const REACH = `make sure the machine is up and reachable, ${AGAIN}; if it is gone for good, remove its host from \`hosts\` and run \`pulumi up\``;
const FREE_PORT = `free the port (\`ss -ltnp\` or \`docker ps\` on that machine shows who has it) or give the host another one, ${AGAIN}. After a rename, the old host keeps its port until it is removed: give the new one its own port`;
const LOOK_AT_NGINX = `find out why this stack's nginx does not answer: whether it is running, what its error log says, what listens on its port; ${AGAIN}`;
const HALF_DONE = "run `pulumi up` again: it continues where this roll stopped";
const RIGHT_RELEASE = `see the lines above for the reason, ${AGAIN} with a release, options and environment that start`;
const NOT_TWICE = `see the lines above for the reason; if this application cannot run twice on a host, because of a lock file or a fixed JMX or debug port for example, set \`order: stop-first\`; ${AGAIN}`;
const ONCE_MORE = `run \`pulumi up\` again, which stages the release again; if that fails too, check the machine's disk`;

/** What the application itself said, which explains more than the failed gate. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/Address already in use|Port \d+ was already in use/i, FREE_PORT],
  [
    /OutOfMemoryError|insufficient memory|Cannot allocate memory/i,
    `give the application more memory (\`-Xmx\` in \`jvmOptions\`, \`containerMemoryMegabytes\`) or reduce the load on the machine, ${AGAIN}`,
  ],
  [
    /UnsupportedClassVersionError|has been compiled by a more recent version/,
    `set \`java\` or \`containerImage\` to a newer Java, or build for the installed one, ${AGAIN}`,
  ],
  [
    /Unrecognized (VM )?option|Could not create the Java Virtual Machine|Invalid (maximum|initial) heap size/,
    `correct \`jvmOptions\`, ${AGAIN}`,
  ],
  [/No space left on device|Disk quota exceeded/i, `free up disk space on that machine, ${AGAIN}`],
];

/** What helps, by error code. */
const BY_CODE: Readonly<Record<string, string>> = {
  "check-failed": `find out why the release fails this check (\`analysis.checks\`), ${AGAIN} with one that passes it`,
  "check-unanswered": `make sure that this machine reaches the server of that check and that its URL, headers and query are right, or let the check be ignored then (\`onError\`); ${AGAIN}`,
  "cluster-forbids": `give the account of the kubeconfig the rights that are named above, ${AGAIN}`,
  "cluster-unreachable": `make sure that this machine reaches the cluster's API, ${AGAIN}: it continues from what runs by then`,
  "container-unreachable": REACH,
  "disk-full": `free up disk space on that machine, or keep fewer releases (\`keepReleases\`), ${AGAIN}`,
  "down-in-proxy": `check whether nginx's machine can reach the application: its address, a firewall, the checks (\`checkExpect\`, \`checkTimeoutMilliseconds\`); ${AGAIN}`,
  "drain-unconfirmed": LOOK_AT_NGINX,
  "ended-again": `see the application's log for why it ends after becoming healthy, ${AGAIN} with a release that keeps running`,
  "engine-gone": HALF_DONE,
  exited: RIGHT_RELEASE,
  hangs: `make sure the machine and its disk respond, ${AGAIN}`,
  "hook-failed": `see what the hook printed above, ${AGAIN}`,
  "invalid-input": `correct the setting, ${AGAIN}`,
  "java-missing": `install Java on that machine or set \`java\`, ${AGAIN}`,
  "jar-gone": `build the jar again, ${AGAIN}`,
  "launch-unknown": `run \`pulumi up\` again with a release and options that start, since that host cannot go back`,
  "lease-held": `wait for the other deployment to end (\`leaseWaitSeconds\` does that for you), ${AGAIN} if needed`,
  "lease-lost":
    "let the other deployment finish; run `pulumi up` again only if you want another release than that one",
  "machine-unreachable": REACH,
  "name-taken": `remove or rename what has that name, ${AGAIN}`,
  "nginx-stale": `make sure the machine of that nginx can be reached, or take it out of \`nginxServers\`, ${AGAIN}`,
  "nginx-unreachable": LOOK_AT_NGINX,
  "no-engine": `start the Docker engine, or correct \`dockerEngine\`, ${AGAIN}`,
  "no-image": `pull the image, or correct \`containerImage\`, ${AGAIN}`,
  "no-network": HALF_DONE,
  "no-release": HALF_DONE,
  "no-volume": HALF_DONE,
  "not-forwarded": `allow forwarding in that server's sshd_config, ${AGAIN}`,
  "not-in-nginx": "run `pulumi up` without `--target`, because nginx must know the hosts first",
  "not-in-service": `compare the labels of the pods with the selector of the Service, ${AGAIN}`,
  "not-our-nginx": LOOK_AT_NGINX,
  overdue: REACH,
  "pod-not-started": `see the events above: most often the image can't be pulled, ${AGAIN}`,
  "port-stolen": FREE_PORT,
  "port-taken": FREE_PORT,
  "release-missing": "run `pulumi up` with the jar of that release, since that host no longer keeps it",
  "rights-missing": `grant these rights to the deploying account, ${AGAIN}`,
  "staged-corrupted": ONCE_MORE,
  "staging-failed": ONCE_MORE,
  "still-running": HALF_DONE,
  standstill: `see the events of the namespace (\`kubectl get events\`): a quota or nodes without room are the usual reasons, ${AGAIN}`,
  stopped: `${HALF_DONE} (\`rollDeadlineSeconds\` limits how long a roll may take)`,
  "stop-requested": HALF_DONE,
  "sudo-refused": `restore the rules in /etc/sudoers.d on that server, which the set-up as \`sshProvisionUser\` writes, ${AGAIN}`,
  "too-few-healthy": `find out why the hosts named above are not serving, ${AGAIN}, which starts with hosts that have stopped. \`minimumHealthy\` says how many of the others must be serving`,
  "too-few-processors": `lower \`containerCpus\`, ${AGAIN}`,
  unhealthy: `see the application's log and health endpoint, ${AGAIN} with a release that becomes healthy, or with a larger \`healthDeadlineSeconds\` if it is only slow`,
  unreachable: REACH,
};

const OTHERWISE =
  "see the reason above, then run `pulumi up` again: it continues from what every host runs by then";

/** What helps after a failed roll, according to what failed or what the application said. */
export function nextStepFor(error: unknown): string {
  const failures = withCauses(error);
  if (failures.some(endedBeside)) return NOT_TWICE;
  const words = failures.flatMap((failure) =>
    failure instanceof GateFailed ? [messageOf(failure), ...failure.evidence] : [messageOf(failure)],
  );
  const said = SAID.find(([pattern]) => words.some((line) => pattern.test(line)))?.[1];
  if (said !== undefined) return said;
  const known = failures.flatMap((failure) =>
    failure instanceof RollgateError ? (BY_CODE[failure.code] ?? []) : [],
  );
  // The reason for a stop says more than the fact.
  const last = known.at(-1);
  const all = error instanceof Error && error.cause instanceof AggregateError ? known : last ? [last] : [];
  return all.length > 0 ? [...new Set(all)].join("; ") : OTHERWISE;
}

/** Whether an application ended while the old one ran beside it, which may be the reason. */
function endedBeside(failure: unknown): boolean {
  if (!(failure instanceof HostRollFailed) || failure.failure.startedBeside === undefined) return false;
  const { cause, phase } = failure.failure;
  return phase === "health" && cause instanceof GateFailed && cause.code === "exited";
}

/** A failure and its chain of causes; if several things failed at once, all of them. */
function withCauses(error: unknown): unknown[] {
  if (error === undefined) return [];
  if (error instanceof AggregateError) return error.errors.flatMap(withCauses);
  return [error, ...(error instanceof Error ? withCauses(error.cause) : [])];
}
