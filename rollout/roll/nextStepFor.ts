import { GateFailed, messageOf, RollgateError } from "../common/errors.ts";

const AGAIN = "then `pulumi up` again";
const REACH = `see that the machine is up and can be reached, ${AGAIN}; if it is gone for good, take its host out of \`hosts\` and run \`pulumi up\``;
const FREE_PORT = `free the port (\`ss -ltnp\` or \`docker ps\` on that machine shows who has it) or give the host another one, ${AGAIN}. A host that was renamed keeps its port under its old name until that is removed: give the new one a port of its own`;
const LOOK_AT_NGINX = `see why nginx does not answer as this stack's does: whether it runs, what its error log says, who listens on its port; ${AGAIN}`;
const HALF_DONE = "`pulumi up` again: it goes on where this roll stopped";
const RIGHT_RELEASE = `the lines above tell why: \`pulumi up\` again with a release, options and environment that start`;
const ONCE_MORE = `\`pulumi up\` again: the release is put on the host anew; if that fails too, check the disk of the machine`;

/** What the application itself said, which explains more than the failed gate. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/Address already in use|Port \d+ was already in use/i, FREE_PORT],
  [
    /OutOfMemoryError|insufficient memory|Cannot allocate memory/i,
    `give the application more memory (\`-Xmx\` in \`jvmOptions\`, \`containerMemoryMegabytes\`) or the machine less to do, ${AGAIN}`,
  ],
  [
    /UnsupportedClassVersionError|has been compiled by a more recent version/,
    `set \`java\` or \`containerImage\` to a newer Java, or build for the one there, ${AGAIN}`,
  ],
  [
    /Unrecognized (VM )?option|Could not create the Java Virtual Machine|Invalid (maximum|initial) heap size/,
    `correct \`jvmOptions\`, ${AGAIN}`,
  ],
  [/No space left on device|Disk quota exceeded/i, `make room on that machine, ${AGAIN}`],
];

/** What helps, by error code. */
const BY_CODE: Readonly<Record<string, string>> = {
  "container-unreachable": REACH,
  "disk-full": `make room on that machine, or keep fewer releases (\`keepReleases\`), ${AGAIN}`,
  "down-in-proxy": `see whether nginx's own machine reaches the application: its address, a firewall, the checks (\`checkExpect\`, \`checkTimeoutMilliseconds\`); ${AGAIN}`,
  "drain-impossible": `bring the hosts back that are drained beside this one (\`pulumi up\` does so where they can run), ${AGAIN}`,
  "drain-unconfirmed": LOOK_AT_NGINX,
  "ended-again": `see the application's log for why it ends after it was healthy, ${AGAIN} with a release that stays`,
  "engine-gone": HALF_DONE,
  exited: RIGHT_RELEASE,
  hangs: `see that the machine and its disk answer, ${AGAIN}`,
  "invalid-input": `correct the setting, ${AGAIN}`,
  "java-missing": `install Java on that machine or set \`java\`, ${AGAIN}`,
  "jar-gone": `build the jar again, ${AGAIN}`,
  "launch-unknown": `\`pulumi up\` again with a release and options that start: there is no way back on that host`,
  "lease-held": `wait until the other deployment has ended (\`leaseWaitSeconds\` waits for it), ${AGAIN} if there is still something to do`,
  "lease-lost": "let the other deployment end; `pulumi up` again only if its release is not the one you want",
  "machine-unreachable": REACH,
  "name-taken": `remove or rename that container, ${AGAIN}`,
  "nginx-unreachable": LOOK_AT_NGINX,
  "no-engine": `start the Docker engine, or correct \`dockerEngine\`, ${AGAIN}`,
  "no-image": `pull the image, or correct \`containerImage\`, ${AGAIN}`,
  "no-network": HALF_DONE,
  "no-release": HALF_DONE,
  "no-volume": HALF_DONE,
  "not-forwarded": `allow forwarding in that server's sshd_config, ${AGAIN}`,
  "not-in-nginx": "`pulumi up` without `--target`: nginx has to know the hosts first",
  "not-our-nginx": LOOK_AT_NGINX,
  overdue: REACH,
  "port-stolen": FREE_PORT,
  "port-taken": FREE_PORT,
  "release-missing": "`pulumi up` with the jar of that release: that host does not keep it any more",
  "rights-missing": `give the deployer's account these rights, ${AGAIN}`,
  "staged-corrupted": ONCE_MORE,
  "staging-failed": ONCE_MORE,
  "still-running": HALF_DONE,
  stopped: `${HALF_DONE} (\`rollDeadlineSeconds\` is how long one may take)`,
  "stop-requested": HALF_DONE,
  "sudo-refused": `bring back the rules of /etc/sudoers.d on that server, which set-up as root (\`sshProvisionUser\`) writes, ${AGAIN}`,
  "too-few-healthy": `see why the hosts named above do not serve, ${AGAIN}; it starts first what has ended. \`minimumHealthy\` says how many of the others must serve`,
  "too-few-processors": `lower \`containerCpus\`, ${AGAIN}`,
  unhealthy: `see the application's log and health endpoint, ${AGAIN} with a release that becomes healthy, or with a larger \`healthDeadlineSeconds\` if it is only slow`,
  unreachable: REACH,
};

const OTHERWISE =
  "see the reason above, then `pulumi up` again: it goes on with what every host runs by then";

/** What helps after a failed roll, according to what failed or what the application said. */
export function nextStepFor(error: unknown): string {
  const failures = withCauses(error);
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

/** A failure and its chain of causes; if several things failed at once, all of them. */
function withCauses(error: unknown): unknown[] {
  if (error === undefined) return [];
  if (error instanceof AggregateError) return error.errors.flatMap(withCauses);
  return [error, ...(error instanceof Error ? withCauses(error.cause) : [])];
}
