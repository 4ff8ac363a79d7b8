import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { z } from "zod";
import { CommandFailed, type Machine } from "../machine/machine.ts";
import type { LeaseRecord, LeaseStore } from "./lease.ts";

const leaseRecord = z.object({
  owner: z.string(),
  since: z.string(),
  beat: z.number(),
  released: z.boolean(),
});

const TAKEN = 45;

const NEWEST = `
cd "$1" 2>/dev/null || exit 0
while newest=$(ls | sed -n 's/^\\([0-9][0-9]*\\)\\.json$/\\1/p' | sort -n | tail -n 1); [ -n "$newest" ]; do
  # Forgotten by a newer owner between the two looks: look again.
  if record=$(cat "$newest.json" 2>/dev/null); then printf '%s %s\\n' "$newest" "$record"; exit 0; fi
done`;

/**
 * `$2` the generation, `$3` a word of its own, `$4` the bytes of the record: an input that was cut off is none.
 * A link is made from a whole file, so that nobody can read half a record, and fails if the name is taken; one that
 * holds this very record was made by a run of this script whose connection broke.
 */
const CLAIM = `
set -e
mkdir -p "$1"
trap 'rm -f "$1/.$3"' EXIT
cat > "$1/.$3"
[ "$(wc -c < "$1/.$3")" -eq "$4" ]
words=$(ln "$1/.$3" "$1/$2.json" 2>&1) && exit 0
if cmp -s "$1/.$3" "$1/$2.json"; then exit 0; fi
if [ -e "$1/$2.json" ]; then exit ${TAKEN}; fi
printf '%s\\n' "$words" >&2
exit 1`;

const REWRITE = `
set -e
trap 'rm -f "$1/.$3"' EXIT
cat > "$1/.$3"
[ "$(wc -c < "$1/.$3")" -eq "$4" ]
mv "$1/.$3" "$1/$2.json"`;

const FORGET = `
cd "$1" || exit 1
for file in [0-9]*.json; do
  if [ "\${file%.json}" -lt "$2" ] 2>/dev/null; then rm -f "$file"; fi
done`;

/** The leases of a fleet on another machine, in the layout of the local kind: `<generation>.json`, and `stop`. */
export class MachineLeaseStore implements LeaseStore {
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;

  constructor(machine: Pick<Machine, "run">, directory: string) {
    this.#machine = machine;
    this.#directory = directory;
  }

  async newest() {
    const answer = (await this.#run(NEWEST)).trim();
    const space = answer.indexOf(" ");
    if (space < 0) return undefined;
    const record = leaseRecord.parse(JSON.parse(answer.slice(space + 1)));
    return { generation: Number(answer.slice(0, space)), record };
  }

  async claim(generation: number, record: LeaseRecord): Promise<boolean> {
    try {
      await this.#run(CLAIM, [String(generation), randomUUID()], record);
      return true;
    } catch (error) {
      if (error instanceof CommandFailed && error.exitCode === TAKEN) return false;
      throw error;
    }
  }

  async rewrite(generation: number, record: LeaseRecord): Promise<void> {
    await this.#run(REWRITE, [String(generation), randomUUID()], record);
  }

  async forgetBefore(generation: number): Promise<void> {
    await this.#run(FORGET, [String(generation)]);
  }

  /** Not to be told from here: an owner that is gone stops beating, and its lease expires. */
  async isGone(): Promise<boolean> {
    return false;
  }

  async stopRequested(): Promise<boolean> {
    return (await this.#run('if [ -e "$1/stop" ]; then echo yes; fi')) !== "";
  }

  async clearStopRequest(): Promise<void> {
    await this.#run('rm -f "$1/stop"');
  }

  #run(script: string, args: readonly string[] = [], record?: LeaseRecord): Promise<string> {
    const text = record && JSON.stringify(record);
    return this.#machine.run(script, [this.#directory, ...args, String(Buffer.byteLength(text ?? ""))], {
      unfenced: true,
      ...(text !== undefined && { input: Readable.from([text]) }),
    });
  }
}
