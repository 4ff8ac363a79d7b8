import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { freePort } from "../freePort.ts";
import { listProcesses } from "../processTable.ts";
import { until } from "../until.ts";

const run = promisify(execFile);
let servers = 0;

/** An SSH server of this machine, on an address and a port of its own, with a host key of its own. */
export interface SshServer {
  /** What the tests' SSH configuration calls it. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** A folder that stands for the disk of the server. */
  readonly directory: string;
}

/** Real sshd processes with keys that were made for them, and the SSH configuration that leads to them. */
export class SshServers {
  /** For the setting `sshConfig`. */
  readonly config: string;
  readonly directory: string;
  readonly #sshd: string;
  readonly #running = new Map<string, ChildProcess>();

  private constructor(directory: string, sshd: string) {
    this.directory = directory;
    this.config = join(directory, "ssh_config");
    this.#sshd = sshd;
  }

  static async create(): Promise<SshServers> {
    const sshd = await findExecutable("sshd");
    if (sshd === undefined) throw new Error("expected sshd (openssh-server), found none");
    const directory = await mkdtemp(join(tmpdir(), "rollgate-ssh-"));
    await chmod(directory, 0o755);
    // sshd of root refuses to start without it; a service would make it.
    if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    const created = new SshServers(directory, sshd);
    await created.#makeKey("id");
    await writeFile(join(directory, "known_hosts"), "");
    await writeFile(
      created.config,
      `Host *
  User ${userInfo().username}
  IdentityFile ${join(directory, "id")}
  IdentitiesOnly yes
  UserKnownHostsFile ${join(directory, "known_hosts")}
  GlobalKnownHostsFile none
`,
    );
    return created;
  }

  /** Starts one more. Its address is loopback's, another one for each. */
  async add(name: string): Promise<SshServer> {
    const address = `127.0.0.${2 + (servers++ % 250)}`;
    const server = { name, address, port: await freePort(address), directory: join(this.directory, name) };
    await mkdir(server.directory);
    await this.#makeKey(`${name}.key`);
    await writeFile(
      this.#file(`${name}.sshd`),
      `ListenAddress ${address}
Port ${server.port}
HostKey ${this.#file(`${name}.key`)}
AuthorizedKeysFile ${this.#file("id.pub")}
PermitRootLogin yes
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PidFile none
# bash takes a session for nested and leaves out what an account of this machine does at login.
SetEnv SHLVL=2
`,
    );
    await this.trust(server);
    const text = await readFile(this.config, "utf8");
    const entry = `Host ${name}\n  HostName ${address}\n  Port ${server.port}\n`;
    // First in the file: the first value of an option wins.
    await writeFile(this.config, `${entry}${text}`);
    await this.start(server);
    return server;
  }

  /** Puts the host key that the server has now into known_hosts. */
  async trust({ name, address, port }: SshServer): Promise<void> {
    const [type, key] = (await readFile(this.#file(`${name}.key.pub`), "utf8")).split(" ");
    await appendFile(this.#file("known_hosts"), `[${address}]:${port} ${type} ${key?.trim()}\n`);
  }

  async start({ name, address, port }: SshServer): Promise<void> {
    const sshd = spawn(this.#sshd, ["-D", "-e", "-f", this.#file(`${name}.sshd`)], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    this.#running.set(name, sshd);
    await until(() => answers(address, port), 10);
  }

  /** Ends the server; the connections that it has stay. */
  async stop({ name }: SshServer): Promise<void> {
    const sshd = this.#running.get(name);
    this.#running.delete(name);
    if (!sshd || sshd.exitCode !== null) return;
    sshd.kill("SIGKILL");
    await once(sshd, "exit");
  }

  /** Cuts every connection that the server has now; what commands started there goes on. */
  async cut({ name }: SshServer): Promise<void> {
    for (const pid of await this.#sessions(name)) process.kill(pid, "SIGKILL");
  }

  /** Leaves every connection that the server has now as it is, without an answer ever again. */
  async freeze({ name }: SshServer): Promise<void> {
    for (const pid of await this.#sessions(name)) process.kill(pid, "SIGSTOP");
  }

  /** How many connections the server has now. */
  async connections({ name }: SshServer): Promise<number> {
    return (await this.#sessions(name)).length;
  }

  /** Starts it anew with one more line in its configuration, instead of the one that was given before. */
  async configure(server: SshServer, line: string): Promise<void> {
    const file = this.#file(`${server.name}.sshd`);
    const text = await readFile(file, "utf8");
    const [keyword = ""] = line.split(" ");
    const kept = text.split("\n").filter((each) => !each.startsWith(`${keyword} `));
    await writeFile(file, [line, ...kept].join("\n"));
    await this.stop(server);
    await this.start(server);
  }

  /** Gives the server another host key, as one that was installed anew has. */
  async changeKey(server: SshServer): Promise<void> {
    await this.stop(server);
    for (const end of ["", ".pub"]) await rm(this.#file(`${server.name}.key${end}`));
    await this.#makeKey(`${server.name}.key`);
    await this.start(server);
  }

  async remove(): Promise<void> {
    for (const name of [...this.#running.keys()]) {
      for (const pid of await this.#sessions(name)) process.kill(pid, "SIGKILL");
      const sshd = this.#running.get(name);
      sshd?.kill("SIGKILL");
    }
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Each connection is a child of the server. */
  async #sessions(name: string): Promise<number[]> {
    const server = this.#running.get(name)?.pid;
    const children = (await listProcesses()).filter(({ parentPid }) => parentPid === server);
    return children.filter(({ argv }) => argv[0]?.startsWith("sshd")).map(({ pid }) => pid);
  }

  async #makeKey(name: string): Promise<void> {
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.#file(name)]);
  }

  #file(name: string): string {
    return join(this.directory, name);
  }
}

async function answers(address: string, port: number): Promise<boolean> {
  const socket = connect(port, address);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Why there is no SSH server to test with, or `undefined` when there is one. */
export async function noSshd(): Promise<string | undefined> {
  if (await findExecutable("sshd")) return undefined;
  return "this machine has no sshd (package openssh-server)";
}
