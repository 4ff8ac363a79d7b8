import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { partOf } from "#rollout/request/partOf.ts";
import type { AppHostsArgs, CheckingNginxArgs } from "../declaration.ts";
import { type DockerHostDescriptor, dockerHostDescriptor } from "./dockerDescriptors.ts";
import { DockerImage } from "./dockerImage.ts";
import type { DockerNginxInputs } from "./dockerNginxInputs.ts";
import { nginxImage } from "./nginxImage.ts";
import { NGINX_DIRECTORY, NGINX_PORT } from "./nginxPlace.ts";
import { gatewayOf } from "./subnet.ts";

const STOP_SECONDS = 30;

/** App hosts that are containers of one Docker engine. */
export interface DockerAppHostsArgs {
  /** What each host is called on the engine. */
  readonly hosts: readonly DockerHostDescriptor[];
  /** The image with a Java runtime that every host runs in. */
  readonly image: pulumi.Input<string>;
  /** The network that hosts and nginx share, and its addresses, such as `10.77.0.0/24`. */
  readonly network: { readonly name: pulumi.Input<string>; readonly subnet: pulumi.Input<string> };
  readonly graceSeconds: pulumi.Input<number>;
}

/** An nginx in a container, and what it is made of. */
export interface DockerCheckingNginxArgs extends DockerNginxInputs {
  /** The image to build on: any nginx; what it can do decides who checks the hosts. */
  readonly baseImage: string;
  /** The network of the hosts. */
  readonly network: string;
  /** The volume for the configuration, the drains and the lease. */
  readonly volume: string;
}

/** Hosts with the network, the image and the volumes that their containers will need. */
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
          // All hosts hang on it, so it is never replaced, whatever an engine reports of it after a restart.
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

/** An nginx with the container that it runs in. */
export function nginxOnDocker({
  baseImage,
  network,
  volume,
  ...nginx
}: DockerCheckingNginxArgs): CheckingNginxArgs {
  const { engine, container, address, port } = nginx;
  const around = (name: string, parent: pulumi.Resource) => {
    // Pulled apart from the build, which would ask its registry without credentials.
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
        // The engine takes :: for IPv6 alone.
        ports: (address === "::" ? ["0.0.0.0", address] : [address]).map((ip) => ({
          internal: NGINX_PORT,
          external: port,
          ip,
        })),
        volumes: [{ volumeName: files.name, containerPath: NGINX_DIRECTORY }],
        healthcheck: {
          // Healthy is an nginx that serves a configuration of ours.
          tests: ["CMD", "sh", "/opt/rollgate/is-serving.sh"],
          interval: "10s",
          timeout: "5s",
          retries: 3,
          startPeriod: "5s",
        },
        // Not unless-stopped: whoever signals a container, to have its log rotated perhaps, would count as stopping it.
        restart: "always",
        // SIGTERM would cut the requests in flight.
        stopSignal: "SIGQUIT",
        stopTimeout: STOP_SECONDS,
        destroyGraceSeconds: STOP_SECONDS,
        logDriver: "json-file",
        logOpts: { "max-size": "10m", "max-file": "3" },
      },
      // Two cannot have one name and one port.
      { parent, deleteBeforeReplace: true },
    );
    return [server];
  };
  return { ...nginx, around };
}
