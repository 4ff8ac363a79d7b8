import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { RollgateError } from "../common/errors.ts";
import { CommandFailed, type Machine } from "./machine.ts";
import { quote } from "./quote.ts";

const DEADLINE_SECONDS = 20;

/** One of several scripts that run in turn. */
export interface Turn {
  readonly script: string;
  readonly args: readonly string[];
  /** Its standard input; only one of them may have any. */
  readonly input?: string;
}

/** How a script ended that had its turn. */
export interface Ended {
  readonly printed: string;
  readonly milliseconds: number;
  /** Why those after it had no turn. */
  readonly failure?: CommandFailed;
}

/**
 * Runs scripts on a machine in one trip, each only if those before it succeeded. If the connection breaks, all of them
 * run again, so each must be safe to run twice even after the others.
 */
export async function runInTurn(machine: Pick<Machine, "run">, turns: readonly Turn[]): Promise<Ended[]> {
  const mark = randomUUID();
  const text = turns.map(({ input = "" }) => input).join("");
  const deadlineSeconds = DEADLINE_SECONDS * turns.length;
  const options = { deadlineSeconds, ...(text !== "" && { input: Readable.from([text]) }) };
  const printed = await machine.run(
    [NOW, ...turns.map((turn) => commandOf(turn, mark))].join("\n"),
    [],
    options,
  );
  const ends = endsIn(printed, mark);
  if (ends.length < turns.length && !ends.at(-1)?.failure)
    throw new RollgateError("command-failed", "scripts did not say how they ended");
  return ends;
}

const NOW = `now() {
  read -r up _ < /proc/uptime
  echo "\${up%.*}\${up#*.}"
}`;

/** What it says on standard error is kept for its failure; whatever it leaves running holds none of this open. */
function commandOf({ script, args, input }: Turn, mark: string): string {
  const command = ["sh", "-c", script, "sh", ...args].map(quote).join(" ");
  return `began=$(now)
{ words=$(${command} 2>&1 >&3 3>&-${input === undefined ? " < /dev/null" : ""}); ended=$?; } 3>&1
printf '\\n${mark} %s %s\\n' "$ended" "$(($(now) - began))"
if [ "$ended" != 0 ]; then printf '%s\\n' "$words"; exit 0; fi`;
}

function endsIn(printed: string, mark: string): Ended[] {
  const pieces = printed.split(new RegExp(`\\n${mark} (\\d+) (\\d+)\\n`));
  const ends: Ended[] = [];
  for (let index = 0; index + 2 < pieces.length; index += 3) {
    const [text = "", code, hundredths] = pieces.slice(index, index + 3);
    const failure =
      Number(code) === 0
        ? {}
        : { failure: new CommandFailed("the machine", Number(code), pieces[index + 3] ?? "") };
    ends.push({ printed: text, milliseconds: Number(hundredths) * 10, ...failure });
  }
  return ends;
}
