import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { partOf } from "#rollout/request/partOf.ts";
import type { AppHostsArgs, CheckingNginxArgs } from "../declaration.ts";
import {
  type DockerHostDescriptor,
  type DockerNginxInputs,
  type DockerProxyDescriptor,
  dockerHostDescriptor,
  NGINX_DIRECTORY,
  NGINX_PORT,
  NGINX_TLS_PORT,
} from "./dockerDescriptors.ts";
import { DockerImage } from "./dockerImage.ts";
import { foldersOnHost, HOST_FILES } from "./hostFiles.ts";
import { nginxImage } from "./nginxImage.ts";
import { gatewayOf } from "./subnet.ts";

const STOP_SECONDS = 30;

/** App hosts as containers on one Docker engine. */
export interface DockerAppHostsArgs {
  /** The name of each host on the engine. */
  readonly hosts: readonly DockerHostDescriptor[];
  /** The image with a Java runtime that every host runs in. */
  readonly image: pulumi.Input<string>;
  /** The network that hosts and nginx share, and its addresses, such as `10.77.0.0/24`. */
  readonly network: { readonly name: pulumi.Input<string>; readonly subnet: pulumi.Input<string> };
  readonly graceSeconds: pulumi.Input<number>;
}

/** An nginx in a container, with its image, network and volume. */
export interface DockerCheckingNginxArgs extends DockerNginxInputs {
  /** The base image, with any nginx; what that supports decides who checks the hosts. */
  readonly baseImage: string;
  /** The network of the hosts. */
  readonly network: string;
  /** The volume for the configuration, the drains and the lease. */
  readonly volume: string;
  /** Further ones, each with a container and a volume of its own. */
  readonly others?: readonly { readonly place: DockerProxyDescriptor; readonly volume: string }[];
}

/** Hosts with the network, image and volumes that their containers need. */
export function hostsOnDocker({ hosts, image, network, graceSeconds }: DockerAppHostsArgs): AppHostsArgs {
  const { subnet } = network;
  return {
    hosts,
    graceSeconds,
    around: (name, parent) => {
      const shared = [
        new docker.Network(
          `${name}-network`,
          { name: network.name, ipamConfigs: [{ subnet, gateway: pulumi.output(subnet).apply(gatewayOf) }] },
          // Never replaced, because all hosts depend on it, whatever Docker reports about it after a restart.
          { parent, ignoreChanges: ["ipamConfigs", "options"] },
        ),
        new DockerImage(`${name}-image`, { engine: hosts[0]?.engine ?? "", image }, { parent }),
      ];
      return (host) => {
        const { volume } = partOf(dockerHostDescriptor, host);
        return [...shared, new docker.Volume(`${name}-${host.name}-releases`, { name: volume }, { parent })];
      };
    },
  };
}

/** An nginx with its container. */
export function nginxOnDocker({
  baseImage,
  network,
  volume,
  others,
  ...nginx
}: DockerCheckingNginxArgs): CheckingNginxArgs {
  const { staticFiles, tls } = nginx;
  const shared = { baseImage, network, ...(staticFiles && { staticFiles }), ...(tls && { tls }) };
  const around = containerOf(nginx, { ...shared, volume });
  if (!others) return { ...nginx, around };
  return {
    ...nginx,
    around,
    others: others.map(({ place, volume }) => ({
      key: String(place.port),
      place,
      around: containerOf(place, { ...shared, volume }),
    })),
  };
}

type ContainerArgs = Pick<
  DockerCheckingNginxArgs,
  "baseImage" | "network" | "volume" | "staticFiles" | "tls"
>;

function containerOf(
  { engine, container, address, port, tlsPort }: DockerProxyDescriptor,
  { baseImage, network, volume, staticFiles = [], tls }: ContainerArgs,
) {
  // Docker binds :: for IPv6 only.
  const addresses = address === "::" ? ["0.0.0.0", address] : [address];
  const published = [
    { internal: NGINX_PORT, external: port },
    ...(tls ? [{ internal: NGINX_TLS_PORT, external: tlsPort ?? tls.port }] : []),
    ...(tls?.http3 ? [{ internal: NGINX_TLS_PORT, external: tlsPort ?? tls.port, protocol: "udp" }] : []),
  ];
  const mounts = [
    ...staticFiles.map(({ folder }) => readOnlyMount(folder)),
    ...foldersOnHost(tls).map((folder) => readOnlyMount(folder, `${HOST_FILES}${folder}`)),
  ];
  return (name: string, parent: pulumi.Resource) => {
    // Pulled separately, because the build would pull it without credentials.
    const base = new DockerImage(`${name}-base`, { engine, image: baseImage }, { parent });
    const image = new docker.RemoteImage(`${name}-image`, nginxImage(container, baseImage), {
      parent,
      dependsOn: base,
    });
    const files = new docker.Volume(`${name}-files`, { name: volume }, { parent });
    const server = new docker.Container(
      `${name}-container`,
      {
        name: container,
        image: image.name,
        networksAdvanced: [{ name: network, aliases: ["nginx"] }],
        ports: published.flatMap((each) => addresses.map((ip) => ({ ...each, ip }))),
        volumes: [{ volumeName: files.name, containerPath: NGINX_DIRECTORY }],
        // Unlike with a volume, Docker rejects a folder that is not there.
        ...(mounts.length > 0 && { mounts }),
        healthcheck: {
          // Healthy means that nginx serves a configuration of ours.
          tests: ["CMD", "sh", "/opt/rollgate/is-serving.sh"],
          interval: "10s",
          timeout: "5s",
          retries: 3,
          startPeriod: "5s",
        },
        // Not unless-stopped: Docker considers a container stopped by hand once it is signalled, say to rotate its log.
        restart: "always",
        // SIGTERM would cut the requests in flight.
        stopSignal: "SIGQUIT",
        stopTimeout: STOP_SECONDS,
        destroyGraceSeconds: STOP_SECONDS,
        logDriver: "json-file",
        logOpts: { "max-size": "10m", "max-file": "3" },
      },
      // Two containers can't have the same name and port.
      { parent, deleteBeforeReplace: true },
    );
    return [server];
  };
}

/** A folder of the engine's machine, at the same path in a container. */
function readOnlyMount(source: string, target = source) {
  return { type: "bind", source, target, readOnly: true };
}
