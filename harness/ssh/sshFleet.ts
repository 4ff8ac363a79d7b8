import { dirname, join } from "node:path";
import type { SshHostDescriptor, SshProxyDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { controlPortFor, freePort } from "../freePort.ts";
import { RealFleet } from "../realFleet.ts";
import { request } from "../request.ts";

/** A server for a test; `directory` is a folder on it. */
export interface Place {
  /** Its name in the SSH configuration. */
  readonly name: string;
  readonly address: string;
  readonly directory: string;
}

export interface SshFleetOptions {
  /** The SSH configuration for the servers. */
  readonly config: string;
  readonly machines: readonly Place[];
  readonly web: Place;
  readonly launch: Launch;
  readonly supervisor?: "process" | "systemd";
  readonly stack?: string;
  /** Whether each host has a second slot. */
  readonly second?: boolean;
  /** Whether nginx has a port for HTTPS. */
  readonly secure?: boolean;
}

/** App hosts on one server each, behind an nginx on another one, all reached over SSH. */
export class SshFleet extends RealFleet<SshHostDescriptor, SshProxyDescriptor> {
  private constructor(hosts: readonly SshHostDescriptor[], proxy: SshProxyDescriptor, launch: Launch) {
    super(dirname(proxy.sshConfig), hosts, proxy, {
      launch,
      serving: { executable: "nginx" },
      requestsPerSecond: 80,
    });
  }

  /** Nothing has been done on the servers yet. */
  static async declare(options: SshFleetOptions): Promise<SshFleet> {
    const {
      config,
      machines,
      web,
      launch,
      supervisor = "process",
      stack = "stack",
      second,
      secure,
    } = options;
    const at = ({ name: server, address, directory }: Place, name: string) => ({
      kind: "ssh" as const,
      server,
      sshConfig: config,
      directory: join(directory, stack, name),
      supervisor,
      unit: `rollgate-${stack}-${name}`,
      address,
    });
    // Servers that are processes share the ports of this machine.
    const portAt = ({ address }: Place, port = 8080) => (supervisor === "process" ? freePort(address) : port);
    const hosts: SshHostDescriptor[] = [];
    for (const [index, machine] of machines.entries()) {
      const name = `app-${index + 1}`;
      const { address } = machine;
      const slots = {
        port: await portAt(machine),
        ...(second && { second: { address, port: await portAt(machine, 18_080) } }),
      };
      hosts.push({ name, ...at(machine, name), ...slots });
    }
    const port = await portAt(web);
    const tlsPort = secure ? await portAt(web, 443) : undefined;
    const ports = { port, controlPort: controlPortFor(port), ...(tlsPort !== undefined && { tlsPort }) };
    const proxy = { ...at(web, "nginx"), ...ports };
    return new SshFleet(hosts, proxy, launch);
  }

  /** nginx is serving, but no host has a release. */
  static async create(options: SshFleetOptions): Promise<SshFleet> {
    const fleet = await SshFleet.declare(options);
    await fleet.serveNginx();
    return fleet;
  }

  /** The same fleet with only these hosts. */
  of(...names: string[]): SshFleet {
    const hosts = this.hosts.filter(({ name }) => names.includes(name));
    return new SshFleet(hosts, this.proxy, this.launch);
  }

  /** The ports of the applications that answer clients, of a fake Java each. */
  async servedPorts(): Promise<string[]> {
    const answers = await Promise.all(Array.from({ length: 12 }, () => request(`${this.url}/`)));
    const ports = answers.map(({ body }) => /--server\.port=(\d+)/.exec(body)?.[1] ?? "none");
    return [...new Set(ports)];
  }
}
