import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { kill } from "../endProcessesUnder.ts";
import { freePort } from "../freePort.ts";
import { listProcesses } from "../processTable.ts";
import { until } from "../until.ts";

const run = promisify(execFile);
let servers = 0;

/** An SSH server on this machine, with its own address, port and host key. */
export interface SshServer {
  /** Its name in the tests' SSH configuration. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** A folder that serves as the server's disk. */
  readonly directory: string;
}

/** Real sshd processes with their own keys, and an SSH configuration for them. */
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
    // As root, sshd needs this folder to start; a service would create it.
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

  /** Starts another server, each with its own loopback address. */
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
    // First in the file, because the first value of an option wins.
    await writeFile(this.config, `${entry}${text}`);
    await this.start(server);
    return server;
  }

  /** Adds the server's current host key to known_hosts. */
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

  /** Stops the server, but not its connections. */
  async stop({ name }: SshServer): Promise<void> {
    const sshd = this.#running.get(name);
    this.#running.delete(name);
    if (!sshd || sshd.exitCode !== null) return;
    sshd.kill("SIGKILL");
    await once(sshd, "exit");
  }

  /** Cuts the server's connections; processes that were started through them keep running. */
  async cut({ name }: SshServer): Promise<void> {
    for (const pid of await this.#sessions(name)) process.kill(pid, "SIGKILL");
  }

  /** Cuts the connections of all servers. */
  async cutAll(): Promise<void> {
    const servers = new Set([...this.#running.values()].map(({ pid }) => pid));
    for (const { pid, parentPid, argv } of await listProcesses())
      if (servers.has(parentPid) && argv[0]?.startsWith("sshd")) kill(pid);
  }

  /** Freezes the server's connections: they stay open but never answer again. */
  async freeze({ name }: SshServer): Promise<void> {
    for (const pid of await this.#sessions(name)) process.kill(pid, "SIGSTOP");
  }

  /** The number of the server's connections. */
  async connections({ name }: SshServer): Promise<number> {
    return (await this.#sessions(name)).length;
  }

  /** Restarts it with this extra line in its configuration. */
  async configure(server: SshServer, line: string): Promise<void> {
    const file = this.#file(`${server.name}.sshd`);
    const text = await readFile(file, "utf8");
    const [keyword = ""] = line.split(" ");
    const kept = text.split("\n").filter((each) => !each.startsWith(`${keyword} `));
    await writeFile(file, [line, ...kept].join("\n"));
    await this.stop(server);
    await this.start(server);
  }

  /** Gives the server another host key, as after a reinstallation. */
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

/** Why there is no SSH server to test with; `undefined` if there is one. */
export async function noSshd(): Promise<string | undefined> {
  if (await findExecutable("sshd")) return undefined;
  return "this machine has no sshd (package openssh-server)";
}
