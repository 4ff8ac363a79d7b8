import { RollgateError } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";
import type { SshPlace } from "./sshArguments.ts";

/** Turns an error of `ssh` into one line that says what to do; `words` is its standard error. */
export function explainSsh(
  { server, hostKey }: Pick<SshPlace, "server" | "hostKey">,
  words: string,
): RollgateError {
  const known = KNOWN.find(({ pattern }) => pattern.test(words));
  if (known?.code.startsWith("host-key") && hostKey !== undefined)
    return new RollgateError(
      "host-key-changed",
      `${server}: its host key isn't the given hostKey: the server has another one, or another machine is answering`,
    );
  if (known) return new RollgateError(known.code, `${server}: ${known.meaning(words)}`);
  return new MachineUnreachable(`${server} cannot be reached: ${lastLine(words) || "the connection broke"}`);
}

const KNOWN: readonly { code: string; pattern: RegExp; meaning: (words: string) => string }[] = [
  {
    code: "host-key-changed",
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Offending .* key in/i,
    meaning: (words) => {
      const place = /Offending (?:\S+ )?key in (\S+)/.exec(words)?.[1];
      return `its host key differs from the known one${place ? ` (${place})` : ""}: the server was reinstalled, or another machine is answering. Find out which, then remove the old key with ssh-keygen -R and connect once by hand`;
    },
  },
  {
    code: "host-key-unknown",
    pattern: /no \S+ host key is known|Host key verification failed/i,
    meaning: () =>
      "its host key is unknown: connect once by hand and compare it, add it to known_hosts, or give it as hostKey",
  },
  {
    code: "login-refused",
    pattern: /Permission denied|Too many authentication failures|No supported authentication methods/i,
    meaning: (words) =>
      `the login was refused (${lastLine(words)}): expected a key or an agent that logs in without a prompt`,
  },
  {
    code: "ssh-configuration",
    pattern:
      /Bad configuration option|terminating, \d+ bad configuration|Can't open user config|bad permissions/i,
    meaning: (words) => `the SSH configuration cannot be used: ${lastLine(words)}`,
  },
];

function lastLine(words: string): string {
  return words.trim().split(/\r?\n/).at(-1)?.trim() ?? "";
}
