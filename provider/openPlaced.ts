import { type Change, differing, settingIn } from "#kinds/change.ts";
import { cannotMove, type Placed } from "#kinds/placed.ts";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import type { CheckAnswer } from "./crud.ts";

/** Opens an app host or nginx, does some work and closes it. */
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

/** The changed settings that make it another one, in which nothing runs yet. */
export async function replacedBy<Open extends { close(): Promise<void> }>(
  kind: Placed<unknown, Open>,
  change: Change,
): Promise<string[]> {
  return [...((await kind.moved?.(change)) ?? []), ...differing(change, kind.place)];
}

/** Rejects moving a running nginx, which would be an outage. */
export async function refuseToMove<Open extends { close(): Promise<void> }>(
  kind: Placed<unknown, Open>,
  change: Change,
  isRunning: (open: Open) => Promise<boolean>,
): Promise<void> {
  const [setting] = differing(change, kind.place);
  if (setting === undefined || differing(change, ["kind"]).length > 0) return;
  // On another machine, the old one is removed properly.
  if (kind.moved && (await kind.moved(change)).length > 0) return;
  const { olds, news } = change;
  if (await opened(kind, olds, isRunning)) {
    throw new InvalidInput(setting, cannotMove(settingIn(olds, setting), settingIn(news, setting)));
  }
}

/** A failed `check`, blamed on the setting in the error, or else on `asked`. */
export function refusal(error: unknown, asked: string): CheckAnswer {
  const { property, reason } =
    error instanceof InvalidInput ? error : { property: asked, reason: messageOf(error) };
  return { failures: [{ property, reason: `${reason}. Nothing was changed.` }] };
}
