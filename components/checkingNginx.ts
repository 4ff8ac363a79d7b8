import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { DockerNginxInputs } from "#kinds/docker/dockerNginxInputs.ts";
import { NGINX_DIRECTORY, NGINX_PORT } from "#kinds/docker/nginxPlace.ts";
import type { ProxyDescriptor } from "#kinds/kinds.ts";
import type { LocalNginxInputs } from "#kinds/local/localNginxInputs.ts";
import type { SshNginxInputs } from "#kinds/ssh/sshNginxInputs.ts";
import { DockerImage } from "./dockerImage.ts";
import { nginxImage } from "./nginxImage.ts";
import { NginxResource } from "./nginxResource.ts";
import { type Provisioning, SshServer } from "./sshServer.ts";

const STOP_SECONDS = 30;

/** An nginx in a container, and what it is made of. */
export interface DockerCheckingNginxArgs extends DockerNginxInputs {
  /** The image to build on: any nginx; what it can do decides who checks the hosts. */
  readonly baseImage: string;
  /** The network of the hosts. */
  readonly network: string;
  /** The volume for the configuration, the drains and the lease. */
  readonly volume: string;
}

/** An nginx on a server, and how the server is made ready, unless others do that. */
export interface SshCheckingNginxArgs extends SshNginxInputs {
  readonly provisioning?: Provisioning;
}

/** Nginx in front of the app hosts; everything is known at preview. */
export type CheckingNginxArgs = LocalNginxInputs | DockerCheckingNginxArgs | SshCheckingNginxArgs;

/** Nginx that knows all hosts, drains one by a flag file, and tells what it sees of them. */
export class CheckingNginx extends pulumi.ComponentResource {
  /** What a rollout needs to know of nginx. */
  readonly proxy: pulumi.Output<ProxyDescriptor>;

  constructor(name: string, args: CheckingNginxArgs, options?: pulumi.ComponentResourceOptions) {
    super("rollgate:index:CheckingNginx", name, {}, options);
    const { address, port } = args;
    if (args.kind === "docker") {
      this.#declareContainer(name, args);
      const { kind, engine, container } = args;
      this.proxy = pulumi.output({ kind, engine, container, address, port });
    } else if (args.kind === "ssh") {
      const { provisioning, ...inputs } = args;
      const { kind, server, sshConfig, directory, supervisor, unit } = args;
      const place = { kind, server, sshConfig, directory, supervisor, unit, address, port };
      const dependsOn = provisioning
        ? [new SshServer(`${name}-machine`, { place, ...provisioning }, { parent: this })]
        : [];
      new NginxResource(`${name}-server`, inputs, { parent: this, dependsOn });
      this.proxy = pulumi.output(place);
    } else {
      new NginxResource(`${name}-server`, args, { parent: this });
      const { kind, directory } = args;
      this.proxy = pulumi.output({ kind, directory, address, port });
    }
    this.registerOutputs({ proxy: this.proxy });
  }

  #declareContainer(name: string, args: DockerCheckingNginxArgs): void {
    const { baseImage, network, volume, ...inputs } = args;
    const { engine, container, address, port } = args;
    const parent = { parent: this };
    // Pulled apart from the build, which would ask its registry without credentials.
    const base = new DockerImage(`${name}-base`, { engine, image: baseImage }, parent);
    const built = { ...parent, dependsOn: base };
    const image = new docker.RemoteImage(`${name}-image`, nginxImage(container, baseImage), built);
    const files = new docker.Volume(`${name}-files`, { name: volume }, parent);
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
      { ...parent, deleteBeforeReplace: true },
    );
    new NginxResource(`${name}-configuration`, inputs, { ...parent, dependsOn: server });
  }
}
