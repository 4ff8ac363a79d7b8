import type { UpstreamState } from "../nginx/reverseProxy.ts";
import type { WarmUp } from "../request/warmUp.ts";
import { awaitHealthy, awaitHealthyThrough, awaitUpstream, type Place } from "./gates.ts";
import type { Phases } from "./phases.ts";
import type { RollContext } from "./rollContext.ts";
import { warmUp } from "./warmUp.ts";

/** In which roll, and until when. */
interface Waiting {
  readonly context: RollContext;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** Waits until the application and nginx say that it is up, and warms it up. */
export async function awaitUp(place: Place, release: string, waiting: Waiting): Promise<void> {
  const { context, phases, signal } = waiting;
  let first: UpstreamState | undefined;
  await phases.timed("health", async () => {
    first = await awaitHealthyThrough(place, release, context, signal);
    return "UP";
  });
  await phases.timed("upstream", async () => {
    const { detail } = await awaitUpstream(place, context, signal, first);
    return `nginx sees it: ${detail}`;
  });
  const { policy } = context;
  if (policy.warmUp) await warm(place, release, policy.warmUp, waiting);
  context.classes?.makeBeside(place.host, place.slot, release);
}

/** The application may have ended under its first requests, so the gates are passed once more. */
async function warm(
  place: Place,
  release: string,
  policy: WarmUp,
  { context, phases, signal }: Waiting,
): Promise<void> {
  await phases.timed("warm-up", async () => {
    const { message, inVain } = await warmUp(place.slot, policy, signal);
    if (inVain) context.warn(`was not warmed up: ${message}`, place.host);
    await awaitHealthy(place, release, context, signal);
    await awaitUpstream(place, context, signal);
    return message;
  });
}
