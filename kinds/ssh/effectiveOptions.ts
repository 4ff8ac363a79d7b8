import { spawn } from "node:child_process";
import { quote } from "#rollout/machine/quote.ts";
import { placeOptions, type SshPlace } from "./sshArguments.ts";

type Asked = Pick<SshPlace, "server" | "sshConfig" | "user">;

interface Waiting {
  readonly place: Asked;
  readonly tell: (options: string) => void;
}

/** What follows each answer. */
const END = "rollgate-asked\n";
/** A configuration may run programs to decide. */
const SHELLS = 4;

/**
 * What `ssh` makes of its configuration. All who ask at the same time are answered by a few shells, since those start
 * processes several times as fast as a large one like this can.
 */
export class EffectiveOptions {
  #waiting: Waiting[] = [];

  /** The output of `ssh -G`; empty if there is none. */
  of(place: Asked): Promise<string> {
    return new Promise((tell) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#askAll());
      this.#waiting.push({ place, tell });
    });
  }

  #askAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let first = 0; first < SHELLS; first++) {
      const share = waiting.filter((_, index) => index % SHELLS === first);
      if (share.length > 0) ask(share);
    }
  }
}

/** Whether such options lead to a server without another one in between, as far as can be told. */
export function isDirect(options: string): boolean {
  return options !== "" && !/^proxy(jump|command) /m.test(options);
}

function ask(waiting: Waiting[]): void {
  const shell = spawn("sh", [], { stdio: ["pipe", "pipe", "ignore"] });
  const commands = waiting.map(({ place }) => {
    const words = ["ssh", "-G", ...placeOptions(place), "--", place.server];
    return `${words.map(quote).join(" ")} < /dev/null; echo ${END}`;
  });
  let printed = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = `${printed}${text}`.split(END);
    printed = parts.pop() ?? "";
    for (const part of parts) waiting.shift()?.tell(part);
  });
  const tellOthers = () => {
    for (const { tell } of waiting.splice(0)) tell("");
  };
  shell.once("error", tellOthers).once("close", tellOthers);
  shell.stdin.on("error", () => {});
  shell.stdin.end(commands.join(""));
}
