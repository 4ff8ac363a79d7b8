import { tablePort } from "../machine/connections.ts";
import { readScripts } from "../machine/scripts.ts";
import type { WrittenFile } from "../machine/writeFile.ts";
import type { Begun, Revision, RunningApp } from "./appHost.ts";
import { type HostFiles, switchFailed } from "./hostFiles.ts";
import type { LaunchSpec } from "./launchSpec.ts";
import type { StartTurn } from "./supervisor.ts";

const TAKEN = 47;
const LISTENING = readScripts(new URL("../machine/scripts/", import.meta.url), "print-listening");
const REQUIRE_FREE = readScripts(new URL("./scripts/", import.meta.url), "require-free-ports");
const FREE = `listening=$(\n${LISTENING}\n)\n${REQUIRE_FREE}`;

/** What a start consists of. */
interface Start {
  readonly files: HostFiles;
  readonly spec: LaunchSpec;
  readonly written: readonly WrittenFile[];
  readonly turn: StartTurn;
  readonly ports: readonly number[];
  running(): Promise<RunningApp | undefined>;
}

/**
 * Prepares a start, switches `current` and starts, each only if what comes before it succeeded; `undefined` if a port may
 * be taken, which takes more than a glance to tell.
 */
export async function startInOneTrip(
  { release, launch }: Revision,
  { files, spec, written, turn, ports, running }: Start,
): Promise<Begun | undefined> {
  const ends = await files.inTurn([
    { script: FREE, args: ports.map(tablePort) },
    files.turnToRemember(launch, spec, written),
    files.turnToSwitch(release),
    turn,
  ]);
  const [free, , switched, started] = ends;
  if (free?.failure?.exitCode === TAKEN) {
    const app = await running();
    if (app?.release !== release || app.launch !== launch) return undefined;
    // The connection broke after the start, and all was run again.
    await files.switchTo(release);
    return { switched: 0 };
  }
  const failure = ends.at(-1)?.failure;
  if (switched?.failure) return { failure: switchFailed(failure), isSwitch: true };
  const begun = switched && { switched: switched.milliseconds };
  if (failure) return { ...begun, failure };
  turn.started(started?.printed ?? "");
  return { ...begun };
}
