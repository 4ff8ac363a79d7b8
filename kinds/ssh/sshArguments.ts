import { resolve } from "node:path";

/** How the `ssh` command finds a server. */
export interface SshPlace {
  /** A host, an alias of the SSH configuration, `user@host` or `ssh://user@host:port`. */
  readonly server: string;
  /** The SSH configuration to use, relative to the project; empty means the user's own. */
  readonly sshConfig: string;
  /** Its public host keys, one per line; absent if `known_hosts` decides. */
  readonly hostKey?: string | undefined;
  /** Whether `known_hosts` learns a key from a server that is not in it. */
  readonly hostKeys?: "accept-new" | undefined;
  /** The account to log in as, if not the one from `server` or the configuration. */
  readonly user?: string | undefined;
}

/** Tells one way to a server from others. */
export function placeKey({ server, sshConfig, user = "", hostKey, hostKeys }: SshPlace): string {
  return JSON.stringify([server, sshConfig, user, hostKey, hostKeys]);
}

const CONNECT_SECONDS = 10;
/** How long a shared connection is there for the next process of an update, or for the next update. */
const PERSIST_SECONDS = 20;

/** The configuration and the account. */
export function placeOptions({ sshConfig, user = "" }: Pick<SshPlace, "sshConfig" | "user">): string[] {
  return [
    ...(sshConfig === "" ? [] : ["-F", resolve(sshConfig)]),
    // ssh uses the first account it is given.
    ...(user === "" ? [] : ["-l", user]),
  ];
}

/**
 * The common arguments of all `ssh` calls. The user's configuration decides about keys, agents and jump hosts; prompts
 * are off. `knownHosts` is the file with the server's host key, if that is given.
 */
export function sshArguments(
  place: Pick<SshPlace, "sshConfig" | "user" | "hostKeys">,
  controlPath: string,
  knownHosts?: string,
): string[] {
  const given = {
    UserKnownHostsFile: `"${knownHosts}"`,
    GlobalKnownHostsFile: "none",
    VerifyHostKeyDNS: "no",
    UpdateHostKeys: "no",
  };
  const options = {
    BatchMode: "yes",
    StrictHostKeyChecking: knownHosts === undefined && place.hostKeys === "accept-new" ? "accept-new" : "yes",
    ...(knownHosts !== undefined && given),
    ConnectTimeout: String(CONNECT_SECONDS),
    // Detects a silently dropped connection after six seconds, well before a lease expires.
    ServerAliveInterval: "2",
    ServerAliveCountMax: "2",
    ControlPath: controlPath,
    ForwardAgent: "no",
    ForwardX11: "no",
    ClearAllForwardings: "yes",
    PermitLocalCommand: "no",
    RemoteCommand: "none",
    RequestTTY: "no",
    LogLevel: "ERROR",
  };
  return [
    ...placeOptions(place),
    ...Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]),
  ];
}

/** The server's name, without account and SSH port. */
export function hostOf(server: string): string {
  return server
    .replace(/^ssh:\/\//, "")
    .replace(/^.*@/, "")
    .replace(/:\d+$/, "");
}

/**
 * The arguments for `ssh` to log in and hold the connection. If it is shared, the process that logs in goes on in the
 * background, and what it says would be lost, so it goes to `log`.
 */
export function loginArguments(common: readonly string[], log: string | undefined): string[] {
  const shared = ["ControlMaster=auto", `ControlPersist=${PERSIST_SECONDS}`];
  const own = ["ControlMaster=yes", "ControlPersist=no"];
  return [
    // Comes first, because ssh uses the first: this level includes why a forwarded connection was refused.
    ...["-o", "LogLevel=INFO"],
    ...(log === undefined ? [] : ["-E", log]),
    ...common,
    ...(log === undefined ? own : shared).flatMap((option) => ["-o", option]),
  ];
}
