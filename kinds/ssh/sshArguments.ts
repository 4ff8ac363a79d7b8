import { resolve } from "node:path";

/** How the `ssh` command finds a server. */
export interface SshPlace {
  /** A host, an alias of the SSH configuration, `user@host` or `ssh://user@host:port`. */
  readonly server: string;
  /** The SSH configuration to use, relative to the project; empty means the user's own. */
  readonly sshConfig: string;
  /** The account to log in as, if not the one from `server` or the configuration. */
  readonly user?: string | undefined;
}

const CONNECT_SECONDS = 10;

/**
 * The common arguments of all `ssh` calls. The user's configuration decides about keys, agents and jump hosts; prompts,
 * and accepting unknown host keys, are off.
 */
export function sshArguments(
  { sshConfig, user = "" }: Pick<SshPlace, "sshConfig" | "user">,
  controlPath: string,
): string[] {
  const options = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    ConnectTimeout: String(CONNECT_SECONDS),
    // Detects a silently dropped connection after six seconds, well before a lease expires.
    ServerAliveInterval: "2",
    ServerAliveCountMax: "2",
    ControlPath: controlPath,
    ControlPersist: "no",
    ForwardAgent: "no",
    ForwardX11: "no",
    ClearAllForwardings: "yes",
    PermitLocalCommand: "no",
    RemoteCommand: "none",
    RequestTTY: "no",
    LogLevel: "ERROR",
  };
  return [
    ...(sshConfig === "" ? [] : ["-F", resolve(sshConfig)]),
    // ssh uses the first account it is given.
    ...(user === "" ? [] : ["-l", user]),
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
