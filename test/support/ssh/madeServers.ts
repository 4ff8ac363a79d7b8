import { randomInt, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { docker } from "../../../harness/docker/engine.ts";
import { writeFakeJava } from "../../../harness/fakeApplication.ts";
import { run } from "../../../tools/run.ts";
import { systemdImage } from "./systemdServers.ts";

/** What makes a container that boots like a cloud's server: the arguments of `docker run`, and a script. */
export interface ServerToMake {
  readonly container: readonly string[];
  readonly boot: string;
}

/** How a program can make servers with systemd, whose addresses are not known before they are there. */
export class MadeServers {
  readonly config: string;
  /** A command that runs fake jars on the servers. */
  readonly java = "/opt/fake/java";
  readonly #label = `rollgate-made=${randomUUID()}`;
  readonly #network = `rollgate-test-${randomUUID().slice(0, 8)}`;
  readonly #directory: string;
  readonly #image: string;

  private constructor(directory: string, image: string) {
    this.#directory = directory;
    this.#image = image;
    this.config = join(directory, "ssh_config");
  }

  static async create(parent: string): Promise<MadeServers> {
    const directory = join(parent, "servers");
    await mkdir(join(directory, "fake"), { recursive: true });
    const servers = new MadeServers(directory, await systemdImage());
    await writeFakeJava(join(directory, "fake"));
    const java = '#!/bin/sh\nexec /opt/node "$0.cjs" "$@"\n';
    await writeFile(join(directory, "fake", "java"), java, { mode: 0o755 });
    for (const folder of [directory, join(directory, "fake")]) await chmod(folder, 0o755);
    await servers.makeKey("id");
    const settings = {
      ...{ User: "deploy", IdentityFile: join(directory, "id"), IdentitiesOnly: "yes" },
      ...{ UserKnownHostsFile: join(directory, "known_hosts"), GlobalKnownHostsFile: "none" },
    };
    const lines = Object.entries(settings).map(([key, value]) => `  ${key} ${value}\n`);
    await writeFile(servers.config, `Host *\n${lines.join("")}`);
    const subnet = `10.${200 + randomInt(50)}.${randomInt(250)}.0/24`;
    await docker(["network", "create", "--subnet", subnet, servers.#network]);
    return servers;
  }

  /** Makes a pair of keys, unless it is there; returns the public one. */
  async makeKey(name: string): Promise<string> {
    const file = join(this.#directory, name);
    if (!existsSync(file)) await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
    return (await readFile(`${file}.pub`, "utf8")).trim();
  }

  /**
   * Another `generation` is another server. Without a host key of its own, it makes one, and accepts logins only after it
   * accepts connections.
   */
  async describe(generation: number, hostKey?: string): Promise<ServerToMake> {
    const read = (name: string) => readFile(join(this.#directory, name), "utf8");
    const login = (await read("id.pub")).trim();
    const accounts = ["deploy", "admin"].map(
      (account) =>
        `install -d -o ${account} -m 700 ~${account}/.ssh && echo '${login}' > ~${account}/.ssh/authorized_keys`,
    );
    const sshd = "systemctl reset-failed ssh; systemctl restart ssh";
    const key = hostKey && (await read(hostKey));
    const boot = key
      ? ["sleep 2", `umask 077; echo '${key}' > /etc/ssh/ssh_host_ed25519_key; umask 022`, ...accounts, sshd]
      : ["sleep 3", "ssh-keygen -A", sshd, "sleep 4", ...accounts];
    return {
      container: [
        ...["--label", this.#label, "--label", `generation=${generation}`, "--cap-add", "SYS_ADMIN"],
        ...["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
        ...["--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--network", this.#network],
        ...["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"],
        ...["--volume", `${join(this.#directory, "fake")}:/opt/fake:ro`],
        ...["--volume", `${process.execPath}:/opt/node:ro`, this.#image],
      ],
      boot: boot.join("\n"),
    };
  }

  /** How many there are. */
  async count(): Promise<number> {
    return (await this.#containers()).length;
  }

  async remove(): Promise<void> {
    for (const id of await this.#containers()) await docker(["rm", "--force", "--volumes", id]);
    await docker(["network", "rm", this.#network]);
  }

  async #containers(): Promise<string[]> {
    const ids = await docker(["ps", "--all", "--quiet", "--filter", `label=${this.#label}`]);
    return ids.split("\n").filter(Boolean);
  }
}
