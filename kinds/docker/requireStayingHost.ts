import type Docker from "dockerode";
import { InvalidInput } from "#rollout/common/errors.ts";
import { hostsOf } from "#rollout/nginx/renderConfiguration.ts";
import { ContainerMachine, isDockerError } from "./containerMachine.ts";
import { LABELS } from "./containerOptions.ts";
import type { DockerHostDescriptor } from "./dockerDescriptors.ts";
import { NGINX_DIRECTORY } from "./nginxPlace.ts";

/** The hosts, network and nginx of a stack. */
export interface StackOnEngine {
  readonly hosts: readonly DockerHostDescriptor[];
  readonly network: { readonly name: string };
  readonly proxy: { readonly container: string };
}

/** Rejects a change in which no running host stays where it is, because nginx would have no host in between. */
export async function requireStayingHost(
  docker: Docker,
  { hosts, network, proxy }: StackOnEngine,
): Promise<void> {
  const before = await hostsInNginx(docker, proxy.container);
  const stays = before.some(({ name, address, port }) =>
    hosts.some((host) => host.name === name && host.address === address && host.port === port),
  );
  if (before.length === 0 || stays) return;
  const filters = { network: [network.name], label: [LABELS.host] };
  const running = (await docker.listContainers({ filters })).map(({ Labels }) => Labels[LABELS.host]);
  const serving = before.map(({ name }) => name).filter((name) => running.includes(name));
  if (serving.length === 0) return;
  throw new InvalidInput(
    "hosts",
    `expected at least one running host that stays where it is, got none of ${serving.join(", ")}: change or remove hosts one at a time`,
  );
}

/** The hosts in the current nginx configuration; none if nginx is not running. */
async function hostsInNginx(docker: Docker, container: string) {
  try {
    const { State } = await docker.getContainer(container).inspect();
    if (!State.Running || State.Restarting) return [];
  } catch (error) {
    if (isDockerError(error, 404)) return [];
    throw error;
  }
  const file = `${NGINX_DIRECTORY}/nginx.conf`;
  const text = await new ContainerMachine(docker, container).run('cat "$1" 2>/dev/null || :', [file]);
  return hostsOf(text) ?? [];
}
