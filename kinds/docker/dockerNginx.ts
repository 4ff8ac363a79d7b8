import type Docker from "dockerode";
import { InvalidInput, messageOf, RollgateError } from "#rollout/common/errors.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { machineAbilities } from "#rollout/nginx/machineAbilities.ts";
import { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import { tls } from "#rollout/request/frontDoor/tls.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { publicUrl } from "#rollout/request/publicUrl.ts";
import { openEngine, requireEngine } from "../engine/openEngine.ts";
import type { NginxKind, OpenNginx } from "../nginxKind.ts";
import { ContainerMachine } from "./containerMachine.ts";
import { ContainerNginx } from "./containerNginx.ts";
import {
  type DockerProxyDescriptor,
  dockerNginxInputs,
  dockerProxyDescriptor,
  NGINX_CONTROL_PORT,
  NGINX_DIRECTORY,
  NGINX_PORT,
  NGINX_TLS_PORT,
} from "./dockerDescriptors.ts";
import { removeKeepersBeside } from "./fileKeeper.ts";
import { filesOnHost, HOST_FILES } from "./hostFiles.ts";
import { COPIES, keepCopies } from "./keepCopies.ts";

/** Where it listens inside the container. */
const INSIDE = {
  directory: NGINX_DIRECTORY,
  address: "0.0.0.0",
  port: NGINX_PORT,
  controlPort: NGINX_CONTROL_PORT,
};

/** An nginx in a container, which Pulumi creates and removes. */
export const dockerNginx: NginxKind = {
  inputs: dockerNginxInputs,
  asked: "container",
  place: ["container"],
  ways: ["engine"],
  isPulumis: true,
  removeLeftovers: (inputs) => {
    const { engine, container } = partOf(dockerProxyDescriptor, inputs);
    return removeKeepersBeside(openEngine(engine), container);
  },
  open: (inputs) => {
    const proxy = partOf(dockerProxyDescriptor, inputs);
    const files = filesOnHost(tls.safeParse(Object(inputs).tls).data);
    return openDockerNginx(openEngine(proxy.engine), proxy, files !== undefined);
  },
};

/**
 * Opens the nginx in a container; Docker publishes the descriptor's address and port. `hasCopies` is whether root keeps
 * copies of the certificate there, for the account of nginx's workers.
 */
export function openDockerNginx(docker: Docker, proxy: DockerProxyDescriptor, hasCopies = false): OpenNginx {
  const { engine, container } = proxy;
  const machine = new ContainerMachine(docker, container);
  const runner = new ContainerNginx(docker, machine);
  const place = { ...INSIDE, url: publicUrl(proxy) };
  const server = new MachineNginxServer(machine, place, runner);
  return {
    id: container,
    name: "its image's nginx",
    server,
    sharesPorts: false,
    // Stored next to nginx, since a fleet has exactly one.
    leases: new MachineLeaseStore(machine, `${NGINX_DIRECTORY}/lease`),
    abilities: async () => {
      await requireEngine(docker, engine).catch((error: unknown) => {
        throw new InvalidInput("engine", messageOf(error), { cause: error });
      });
      return (await runner.isRunning()) ? machineAbilities(machine, "nginx") : undefined;
    },
    settings: async () => ({
      ...INSIDE,
      tlsPort: NGINX_TLS_PORT,
      hostFiles: HOST_FILES,
      errorLog: "stderr",
      accessLogFile: "/dev/stdout",
      ...(hasCopies && { certificateCopies: `${COPIES}/current` }),
    }),
    keepCopies: (files, account) => keepCopies(machine, files, account),
    unknown: async () => new RollgateError("nginx-stopped", `container ${container} was not running`),
    close: () => server.access.close(),
  };
}
