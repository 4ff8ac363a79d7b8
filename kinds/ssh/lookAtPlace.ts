import { Readable } from "node:stream";
import { tablePort } from "#rollout/machine/connections.ts";
import { PRINT_LISTENING } from "#rollout/machine/listeners.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import { readScripts } from "#rollout/machine/scripts.ts";
import { provisionCommand } from "./provision.ts";
import type { Place } from "./provisionPlace.ts";

const LOOK = `print_listening() {
${PRINT_LISTENING}
}
${readScripts(new URL("./scripts/", import.meta.url), "look-at-place")}`;

/**
 * Whether a place is set up. If not, whether a process may have the ports of its host, or else the server was checked with
 * the script that would set it up, which fails if something is missing.
 */
export type PlaceLook = "there" | "taken" | "new";

/** Looks in one trip; `check` is that script, unless nothing is to be checked. */
export async function lookAtPlace(
  machine: Pick<Machine, "run">,
  place: Place,
  check: string | undefined,
): Promise<PlaceLook> {
  const ports = "name" in place ? [place.port, place.healthPort ?? place.port].map(tablePort) : ["", ""];
  const args = [place.directory, ...ports];
  const printed = await (check === undefined
    ? machine.run(LOOK, args)
    : machine.run(`${LOOK}\n${provisionCommand("check", place.supervisor)}`, args, {
        input: Readable.from([check]),
      }));
  const [, said] = /^(there|taken)\n/.exec(printed) ?? [];
  return said === "there" || said === "taken" ? said : "new";
}
