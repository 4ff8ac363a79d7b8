import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NGINX_DIRECTORY } from "#kinds/docker/dockerDescriptors.ts";
import { HOST_FILES } from "#kinds/docker/hostFiles.ts";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { LocalFleet } from "../../harness/localFleet.ts";
import { QUICK_START, type RealFleet } from "../../harness/realFleet.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";

export interface FleetOptions {
  /** Whether each host has a second slot. */
  readonly second?: boolean;
  /** Whether nginx has a port for HTTPS. */
  readonly secure?: boolean;
}

/** A fleet, and the way to leave nothing behind. */
export interface Standing {
  readonly fleet: Pick<
    RealFleet<HostPlace, ProxyPlace>,
    "url" | "proxy" | "roll" | "startRoll" | "underLoad" | "releases" | "serveNginx"
  >;
  /** Writes a file on nginx's machine that nginx can read; returns its path. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** A fleet of every kind, real JVMs included; `reason` is why one can't be stood up here. */
export const EVERY_FLEET: readonly {
  readonly where: string;
  readonly reason: string | undefined;
  create(size: number, options?: FleetOptions): Promise<Standing>;
}[] = [
  {
    where: "on this machine",
    reason: undefined,
    create: async (size, options) => {
      const fleet = await LocalFleet.create(size, undefined, options);
      return { fleet, write: writeIn(fleet.directory), remove: () => fleet.remove() };
    },
  },
  {
    where: "in containers",
    reason: await noDocker(),
    create: async (size, options) => {
      const fleet = await DockerFleet.create(size, undefined, options);
      const write = async (name: string, text: string) => {
        // Where its container would see the files of the engine's machine; its health checks copy what changes there.
        const path = `/shop/${name}`;
        const script = `mkdir -p ${HOST_FILES}/shop; printf %s "$2" > "$1.new" && mv "$1.new" "$1"
          if [ -f ${NGINX_DIRECTORY}/copy-certificate.sh ]; then sh ${NGINX_DIRECTORY}/copy-certificate.sh || :; fi`;
        await fleet.exec(fleet.proxy.container, "sh", "-c", script, "sh", HOST_FILES + path, text);
        return path;
      };
      return { fleet, write, remove: () => fleet.remove() };
    },
  },
  {
    where: "on servers",
    reason: await noSshd(),
    create: async (size, options) => {
      const servers = await SshServers.create();
      const machines = [];
      for (let number = 1; number <= size; number++) machines.push(await servers.add(`server-${number}`));
      const web = await servers.add("server-web");
      const launch = { java: "java", jvmOptions: QUICK_START, arguments: [] };
      return {
        fleet: await SshFleet.create({ config: servers.config, machines, web, launch, ...options }),
        write: writeIn(servers.directory),
        remove: async () => {
          await endProcessesUnder(servers.directory);
          await servers.remove();
        },
      };
    },
  },
];

/** For nginx on this machine, and on servers that are processes of this machine. */
function writeIn(directory: string): Standing["write"] {
  return async (name, text) => {
    const path = join(directory, name);
    await writeFile(`${path}.new`, text, { mode: 0o644 });
    await rename(`${path}.new`, path);
    return path;
  };
}
