import pLimit from "p-limit";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import type { SshPlace } from "./sshArguments.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";
import { SshMachines } from "./sshMachines.ts";

/** Behind one jump host, more at once would be dropped. */
const AT_ONCE = 8;

/** Logs in to every server once; throws with all those that cannot be reached, under the first setting of one. */
export async function reachServers(
  hosts: readonly SshHostDescriptor[],
  proxy: SshProxyDescriptor,
): Promise<void> {
  const machines = new SshMachines();
  const limit = pLimit(AT_ONCE);
  const places: readonly (readonly [string, SshPlace])[] = [
    ...hosts.map((host, index) => [`hosts[${index}].server`, host] as const),
    ["nginxServer", proxy],
  ];
  try {
    const answers = await Promise.all(
      places.map(([key, place]) =>
        limit(() =>
          machines
            .of(place)
            .run("true", [])
            .then(
              () => [],
              (error: unknown) => [{ key, reason: messageOf(error) }],
            ),
        ),
      ),
    );
    const problems = answers.flat();
    const [first] = problems;
    if (!first) return;
    throw new InvalidInput(first.key, [...new Set(problems.map(({ reason }) => reason))].join("; "));
  } finally {
    await machines.close();
  }
}
