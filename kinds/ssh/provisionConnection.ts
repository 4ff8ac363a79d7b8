import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { promisify } from "node:util";
import type { types } from "@pulumi/command";
import { RollgateError } from "#rollout/common/errors.ts";
import type { SshPlace } from "./sshArguments.ts";

const run = promisify(execFile);

/** How Pulumi's provider of remote commands, which has an SSH of its own, logs in: plain values only. */
export interface Connection extends types.input.remote.ConnectionArgs {
  readonly user: string;
  readonly host: string;
}

/** Ed25519 first; the provider would ask for RSA with a hash that servers refuse by now. */
const KEY_TYPES = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
const DIAL = { dialErrorLimit: 3, perDialTimeout: 15 };

/**
 * What the user's own ssh would do, in the terms of the provider: account, address, host key, jump host, and a key
 * where no agent has it. `user` is another account to log in as.
 */
export async function connectionTo(place: SshPlace, user = ""): Promise<Connection> {
  const options = await resolveOptions(place);
  const one = (key: string) => options.get(key)?.[0] ?? "";
  if (one("proxycommand") !== "" && one("proxycommand") !== "none") {
    throw unusable(place, "a ProxyCommand, which provisioning cannot use: ProxyJump can be");
  }
  const jump = one("proxyjump");
  if (jump.includes(",")) throw unusable(place, `more than one jump host (${jump})`);
  const isDirect = jump === "" || jump === "none";
  const proxy = isDirect ? undefined : await connectionTo({ ...place, server: `ssh://${jump}` });
  const agent = agentOf(one("identityagent"));
  const hasAgent = agent !== "" && (await holdsKeys(agent));
  const privateKey = hasAgent ? undefined : await readFirstKey(options.get("identityfile") ?? []);
  return {
    host: one("hostname"),
    port: Number(one("port")),
    user: user || one("user"),
    hostKey: await findHostKey(place, options),
    ...DIAL,
    ...(privateKey !== undefined && { privateKey }),
    ...(hasAgent && agent !== process.env.SSH_AUTH_SOCK && { agentSocketPath: agent }),
    ...(proxy && { proxy }),
  };
}

/** What `ssh -G` prints: every option, its name in lower case. */
async function resolveOptions({ server, sshConfig }: SshPlace): Promise<Map<string, string[]>> {
  const own = sshConfig === "" ? [] : ["-F", resolve(sshConfig)];
  const { stdout } = await run("ssh", [...own, "-G", "--", server]);
  const options = new Map<string, string[]>();
  for (const line of stdout.split("\n")) {
    const space = line.indexOf(" ");
    const key = line.slice(0, space);
    options.set(key, [...(options.get(key) ?? []), line.slice(space + 1)]);
  }
  return options;
}

/** The socket of the agent that ssh would ask; empty for none. */
function agentOf(identityAgent: string): string {
  if (identityAgent === "none") return "";
  const own = process.env.SSH_AUTH_SOCK ?? "";
  if (identityAgent === "" || identityAgent === "SSH_AUTH_SOCK") return own;
  return identityAgent.startsWith("$") ? (process.env[identityAgent.slice(1)] ?? "") : inHome(identityAgent);
}

/** Many machines have an agent that nobody has given a key. */
async function holdsKeys(agent: string): Promise<boolean> {
  return run("ssh-add", ["-L"], { env: { ...process.env, SSH_AUTH_SOCK: agent } }).then(
    () => true,
    () => false,
  );
}

async function findHostKey(place: SshPlace, options: Map<string, string[]>): Promise<string> {
  const one = (key: string) => options.get(key)?.[0] ?? "";
  const port = one("port");
  const host = port === "22" ? one("hostname") : `[${one("hostname")}]:${port}`;
  const name = one("hostkeyalias") && one("hostkeyalias") !== "none" ? one("hostkeyalias") : host;
  const files = `${one("userknownhostsfile")} ${one("globalknownhostsfile")}`.split(" ").filter(Boolean);
  const keys = new Map<string, string>();
  for (const file of files) {
    const { stdout } = await run("ssh-keygen", ["-F", name, "-f", inHome(file)]).catch(() => ({
      stdout: "",
    }));
    for (const line of stdout.split("\n")) {
      const [, type = "", key = ""] = line.split(" ");
      if (!line.startsWith("#") && !line.startsWith("@") && key) keys.set(type, `${type} ${key}`);
    }
  }
  const found = KEY_TYPES.map((type) => keys.get(type)).find((key) => key !== undefined);
  if (found !== undefined) return found;
  throw unusable(
    place,
    `no Ed25519 or ECDSA key for ${name} in ${files.join(" or ")} (the key itself, not only that of an authority)`,
  );
}

async function readFirstKey(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const text = await readFile(inHome(file), "utf8").catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

function inHome(file: string): string {
  return file.startsWith("~/") ? resolve(homedir(), file.slice(2)) : file;
}

function unusable({ server }: SshPlace, what: string): RollgateError {
  return new RollgateError(
    "ssh-provisioning",
    `${server}: the SSH configuration has ${what}; or set sshProvision to false`,
  );
}
