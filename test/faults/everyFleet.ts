import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { LocalFleet } from "../../harness/localFleet.ts";
import { QUICK_START, type RealFleet } from "../../harness/realFleet.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";

/** A fleet, and the way to leave nothing behind. */
export interface Standing {
  readonly fleet: Pick<RealFleet<never, never>, "url" | "roll" | "startRoll" | "underLoad" | "releases">;
  remove(): Promise<void>;
}

/** A fleet of every kind, real JVMs included; `reason` is why one can't be stood up here. */
export const EVERY_FLEET: readonly {
  readonly where: string;
  readonly reason: string | undefined;
  create(size: number, options?: { readonly second?: boolean }): Promise<Standing>;
}[] = [
  {
    where: "on this machine",
    reason: undefined,
    create: async (size, options) => {
      const fleet = await LocalFleet.create(size, undefined, options);
      return { fleet, remove: () => fleet.remove() };
    },
  },
  {
    where: "in containers",
    reason: await noDocker(),
    create: async (size, options) => {
      const fleet = await DockerFleet.create(size, undefined, options);
      return { fleet, remove: () => fleet.remove() };
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
        remove: async () => {
          await endProcessesUnder(servers.directory);
          await servers.remove();
        },
      };
    },
  },
];
