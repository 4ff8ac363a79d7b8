import { randomUUID } from "node:crypto";
import { z } from "zod";
import { CommandFailed, type Machine } from "../machine/machine.ts";
import { readScripts } from "../machine/scripts.ts";
import type { LeasePlace, LeaseRecord, LeaseStore, Renewal } from "./lease.ts";
import { thisProcess } from "./thisProcess.ts";

const leaseRecord = z.object({
  owner: z.string(),
  since: z.string(),
  beat: z.number(),
  released: z.boolean(),
  /** The owner's process, if its kernel identifies it. */
  process: z.object({ seenFrom: z.string(), pid: z.number(), startTicks: z.string() }).optional(),
});

const TAKEN = 45;
const FOLDER = new URL("./scripts/", import.meta.url);
const NEWEST = readScripts(FOLDER, "newest", "print-newest");
const RENEW = readScripts(FOLDER, "newest", "renew");
const CLAIM = readScripts(FOLDER, "newest", "claim");
const IS_GONE = readScripts(FOLDER, "is-gone");

/** The leases of a fleet on a machine: files `<generation>.json` in a folder, plus `stop` to ask the owner to stop. */
export class MachineLeaseStore implements LeaseStore {
  readonly place: LeasePlace;
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;

  constructor(machine: Pick<Machine, "run">, directory: string) {
    this.#machine = machine;
    this.#directory = directory;
    this.place = { machine, directory };
  }

  async newest() {
    return readNewest(await this.#run(NEWEST));
  }

  async claim(generation: number, record: LeaseRecord): Promise<boolean> {
    try {
      await this.#run(CLAIM, await recordArguments(generation, record));
      return true;
    } catch (error) {
      if (error instanceof CommandFailed && error.exitCode === TAKEN) return false;
      throw error;
    }
  }

  async renew(generation: number, record: LeaseRecord): Promise<Renewal> {
    const answer = (await this.#run(RENEW, await recordArguments(generation, record))).trim();
    if (answer === "held" || answer === "stop") return { isHeld: true, stopRequested: answer === "stop" };
    return { isHeld: false, holder: readNewest(answer)?.record };
  }

  /** Known at once if the owner ran on the machine of the lease; otherwise the lease of a dead owner expires. */
  async isGone(record: LeaseRecord): Promise<boolean> {
    const { process: owner } = leaseRecord.parse(record);
    if (!owner) return false;
    const args = [owner.seenFrom, String(owner.pid), owner.startTicks];
    return (await this.#machine.run(IS_GONE, args, { unfenced: true })) !== "";
  }

  async #run(script: string, args: readonly string[] = []): Promise<string> {
    return this.#machine.run(script, [this.#directory, ...args], { unfenced: true });
  }
}

/** Reads what `print_newest` prints. */
export function readNewest(answer: string) {
  const space = answer.indexOf(" ");
  if (space < 0) return undefined;
  const record = leaseRecord.parse(JSON.parse(answer.slice(space + 1)));
  return { generation: Number(answer.slice(0, space)), record };
}

async function recordArguments(generation: number, record: LeaseRecord): Promise<string[]> {
  return [String(generation), randomUUID(), JSON.stringify({ ...record, process: await thisProcess() })];
}
