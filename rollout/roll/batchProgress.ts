import { counted } from "../common/counted.ts";
import { digits } from "../common/digits.ts";
import { secondsSince } from "../common/secondsSince.ts";
import type { FleetMember } from "./fleet.ts";
import { isLarge } from "./largeFleet.ts";
import { listHosts } from "./listHosts.ts";
import type { RollContext } from "./rollContext.ts";

const SECONDS_IN_A_MINUTE = 60;

/** Tells how a large fleet gets on, batch by batch. */
export class BatchProgress {
  readonly #context: Pick<RollContext, "hosts" | "report">;
  readonly #isTold: boolean;
  #began: number | undefined;
  #batchBegan = 0;
  #batches = 0;
  #done = 0;

  constructor(context: Pick<RollContext, "hosts" | "report">) {
    this.#context = context;
    this.#isTold = isLarge(context.hosts.length);
  }

  begins(members: readonly FleetMember[]): void {
    this.#batchBegan = performance.now();
    this.#began ??= this.#batchBegan;
    this.#batches++;
    this.#tell(`${namesOf(members)} begin`.replace(/^(\S+) begin$/, "$1 begins"));
  }

  /** `done` hosts of the batch run the release; `left` hosts are still to be rolled. */
  ends(done: number, left: number): void {
    this.#done += done;
    const took = secondsSince(this.#batchBegan).toFixed(1);
    const { length } = this.#context.hosts;
    this.#tell(
      `${counted(done, "host")} done in ${took} s; ${digits(length - left)} of ${digits(length)} hosts are done${this.#estimate(left)}`,
    );
  }

  #estimate(left: number): string {
    if (left === 0 || this.#done === 0 || this.#began === undefined) return "";
    const seconds = (secondsSince(this.#began) / this.#done) * left;
    if (seconds < SECONDS_IN_A_MINUTE) return `, about ${Math.ceil(seconds)} s to go`;
    return `, about ${Math.ceil(seconds / SECONDS_IN_A_MINUTE)} min to go`;
  }

  #tell(what: string): void {
    if (this.#isTold) this.#context.report("batch", `batch ${this.#batches}: ${what}`);
  }
}

function namesOf(members: readonly FleetMember[]): string {
  return listHosts(members.map(({ host }) => host.name));
}
