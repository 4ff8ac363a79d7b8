import { type Change, differing, settingIn } from "#kinds/change.ts";
import { cannotMove, type Placed } from "#kinds/placed.ts";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import type { CheckAnswer } from "./crud.ts";

/** Opens an app host or nginx for the time of some work. */
export async function opened<Open extends { close(): Promise<void> }, T>(
  kind: Placed<unknown, Open>,
  inputs: object,
  work: (open: Open) => Promise<T>,
): Promise<T> {
  const open = await kind.open(inputs);
  try {
    return await work(open);
  } finally {
    await open.close();
  }
}

/** What makes it another one, in which nothing runs yet. */
export async function replacedBy<Open extends { close(): Promise<void> }>(
  kind: Placed<unknown, Open>,
  change: Change,
): Promise<string[]> {
  return [...((await kind.moved?.(change)) ?? []), ...differing(change, kind.place)];
}

/** One that runs cannot be left for another place: that would be an outage. */
export async function refuseToMove<Open extends { close(): Promise<void> }>(
  kind: Placed<unknown, Open>,
  change: Change,
  isRunning: (open: Open) => Promise<boolean>,
): Promise<void> {
  const [setting] = differing(change, kind.place);
  if (setting === undefined || differing(change, ["kind"]).length > 0) return;
  // What is on another machine is nobody's to leave.
  if (kind.moved && (await kind.moved(change)).length > 0) return;
  const { olds, news } = change;
  if (await opened(kind, olds, isRunning)) {
    throw new InvalidInput(setting, cannotMove(settingIn(olds, setting), settingIn(news, setting)));
  }
}

/** What was found wrong, under its setting; `asked` is to blame for what names none. */
export function refusal(error: unknown, asked: string): CheckAnswer {
  const { property, reason } =
    error instanceof InvalidInput ? error : { property: asked, reason: messageOf(error) };
  return { failures: [{ property, reason: `${reason}. Nothing was changed.` }] };
}
