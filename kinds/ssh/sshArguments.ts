import { resolve } from "node:path";

/** A server as the `ssh` command finds it. */
export interface SshPlace {
  /** A host, an alias of the SSH configuration, `user@host` or `ssh://user@host:port`. */
  readonly server: string;
  /** A configuration to use instead of the user's own, relative to the project; empty means the user's own. */
  readonly sshConfig: string;
  /** The account to log in as, instead of the one that `server` and the configuration say. */
  readonly user?: string | undefined;
}

const CONNECT_SECONDS = 10;

/**
 * What every call of `ssh` begins with. The user's configuration decides about keys, agents and jump hosts; what
 * would ask somebody, or take a host key unseen, is switched off.
 */
export function sshArguments(
  { sshConfig, user = "" }: Pick<SshPlace, "sshConfig" | "user">,
  controlPath: string,
): string[] {
  const options = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    ConnectTimeout: String(CONNECT_SECONDS),
    // A connection that is cut in silence is seen after six seconds, well before a lease expires.
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
    // ssh takes the first account that it is told.
    ...(user === "" ? [] : ["-l", user]),
    ...Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]),
  ];
}
