import { execFile } from "node:child_process";
import { createHash, randomInt, randomUUID } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { baseImages } from "../../../harness/docker/baseImages.ts";
import { docker, noDocker } from "../../../harness/docker/engine.ts";
import { until } from "../../../harness/until.ts";

const run = promisify(execFile);
const BUILD_MILLISECONDS = 600_000;

/** A server as a provider delivers it: systemd, sshd, an account with unrestricted sudo and one without. */
const DOCKERFILE = (base: string) => `FROM ${base}
RUN apt-get update -q \\
 && apt-get install -q -y --no-install-recommends systemd systemd-sysv dbus openssh-server sudo nginx procps >/dev/null \\
 && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \\
 && systemctl disable nginx.service \\
 && systemctl mask systemd-logind.service systemd-udevd.service getty.target console-getty.service
RUN useradd --create-home --shell /bin/sh deploy \\
 && useradd --create-home --shell /bin/bash admin \\
 && echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
CMD ["/sbin/init"]
`;

/** A container whose first process is systemd. */
export interface SystemdServer {
  readonly name: string;
  readonly address: string;
  /** Runs a command in it as root, bypassing SSH. */
  exec(script: string): Promise<string>;
  /** Kills everything in it at once; its address no longer answers. */
  powerOff(): Promise<void>;
  powerOn(): Promise<void>;
  /** Kills everything in it at once and boots again from its disk. */
  reboot(): Promise<void>;
}

/** Servers with systemd, in containers, and an SSH configuration for them. */
export class SystemdServers {
  readonly directory: string;
  readonly config: string;
  readonly #image: string;
  /** Their own network, so that a server keeps its address across reboots. */
  readonly #network = `rollgate-test-${randomUUID().slice(0, 8)}`;
  readonly #subnet = `10.${200 + randomInt(50)}.${randomInt(250)}`;
  readonly #containers: string[] = [];

  private constructor(directory: string, image: string) {
    this.directory = directory;
    this.config = join(directory, "ssh_config");
    this.#image = image;
  }

  static async create(): Promise<SystemdServers> {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-systemd-"));
    await chmod(directory, 0o755);
    const servers = new SystemdServers(directory, await systemdImage());
    await docker(["network", "create", "--subnet", `${servers.#subnet}.0/24`, servers.#network]);
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, "id")]);
    await writeFile(join(directory, "known_hosts"), "");
    await writeFile(
      servers.config,
      `Host *
  User deploy
  IdentityFile ${join(directory, "id")}
  IdentitiesOnly yes
  UserKnownHostsFile ${join(directory, "known_hosts")}
  GlobalKnownHostsFile none
`,
    );
    return servers;
  }

  async add(name: string): Promise<SystemdServer> {
    const container = `rollgate-test-${name}-${randomUUID().slice(0, 8)}`;
    this.#containers.push(container);
    const address = `${this.#subnet}.${this.#containers.length + 9}`;
    const options = [
      ...["--detach", "--name", container, "--hostname", name, "--cap-add", "SYS_ADMIN"],
      ...["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
      ...["--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup"],
      ...["--network", this.#network, "--ip", address],
      ...["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"],
    ];
    await docker(["run", ...options, this.#image]);
    const exec = (script: string) => docker(["exec", container, "sh", "-c", script]);
    const isUp = () =>
      until(async () => /running|degraded/.test(await exec("systemctl is-system-running || :")), 30);
    await isUp();
    const key = (await readFile(join(this.directory, "id.pub"), "utf8")).trim();
    for (const account of ["deploy", "admin"]) {
      await exec(
        `install -d -o ${account} -m 700 ~${account}/.ssh && echo '${key}' > ~${account}/.ssh/authorized_keys`,
      );
    }
    await exec("ssh-keygen -A && systemctl reset-failed ssh && systemctl restart ssh");
    const [type, hostKey] = (await exec("cat /etc/ssh/ssh_host_ed25519_key.pub")).split(" ");
    await writeFile(join(this.directory, "known_hosts"), `${address} ${type} ${hostKey}\n`, { flag: "a" });
    const text = await readFile(this.config, "utf8");
    await writeFile(this.config, `Host ${name}\n  HostName ${address}\n${text}`);
    const powerOff = async () => void (await docker(["kill", container]));
    const powerOn = async () => {
      await docker(["start", container]);
      await isUp();
    };
    const reboot = async () => {
      await powerOff();
      await powerOn();
    };
    return { name, address, exec, powerOff, powerOn, reboot };
  }

  async remove(): Promise<void> {
    for (const container of this.#containers) await docker(["rm", "--force", "--volumes", container]);
    await docker(["network", "rm", this.#network]);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Why there are no such servers; `undefined` if there are. */
export async function noSystemdServers(): Promise<string | undefined> {
  const reason = await noDocker();
  if (reason !== undefined) return reason;
  return systemdImage().then(
    () => undefined,
    (error: unknown) => `no image with systemd can be made: ${String(error).split("\n")[0]}`,
  );
}

/** The image of such servers; made if it is not there. */
export async function systemdImage(): Promise<string> {
  const dockerfile = DOCKERFILE((await baseImages()).jre);
  const hash = createHash("sha256").update(dockerfile).digest("hex").slice(0, 8);
  const name = `rollgate-test/systemd:${hash}`;
  const isThere = await docker(["image", "inspect", name]).then(
    () => true,
    () => false,
  );
  if (isThere) return name;
  const context = await mkdtemp(join(tmpdir(), "rollgate-image-"));
  try {
    await writeFile(join(context, "Dockerfile"), dockerfile);
    await docker(["build", "--network", "host", "--quiet", "--tag", name, context], BUILD_MILLISECONDS);
  } finally {
    await rm(context, { recursive: true });
  }
  return name;
}
