import type { ChildProcess } from "node:child_process";

const READY = "rollgate-connected";
const GREETED = new RegExp(`${READY}.*\n`);
const MAX_WORDS = 8_192;

/**
 * What the session that holds a connection runs, in the account's own shell: it says who and where it is, and stays as a
 * shell.
 */
export const GREET = `read boot < /proc/sys/kernel/random/boot_id; echo "$boot"; echo "${READY} $(id -un)"; exec sh`;

/** What a server says when a connection begins, as far as it can be told. */
export interface Greeting {
  /** The kernel's boot id. */
  readonly boot: string | undefined;
  /** The account that is logged in. */
  readonly account: string | undefined;
}

/** What the server said once ready, if `ssh` didn't end before; a login shell may print something first. */
export function greetingOf(ssh: ChildProcess): Promise<Greeting | undefined> {
  return new Promise((resolve) => {
    let printed = "";
    const hear = (text: string) => {
      printed = `${printed}${text}`.slice(-MAX_WORDS);
      if (!GREETED.test(printed)) return;
      // What follows is for whoever uses the shell.
      ssh.stdout?.off("data", hear);
      resolve(read(printed));
    };
    ssh.stdout?.setEncoding("utf8").on("data", hear);
    ssh.once("close", () => resolve(undefined));
  });
}

function read(printed: string): Greeting {
  return {
    boot: /[0-9a-f-]{36}(?=\s+rollgate-connected)/.exec(printed)?.[0],
    account: /^rollgate-connected (\S+)$/m.exec(printed)?.[1],
  };
}
