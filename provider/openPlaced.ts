import { type Change, differing, settingIn } from "#kinds/change.ts";
import { cannotMove, type Placed } from "#kinds/placed.ts";
import { closing } from "#rollout/common/closing.ts";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { type CheckAnswer, hasUnknown } from "./crud.ts";

/** The changed settings that make it another one, in which nothing runs yet. */
export async function replacedBy(
  kind: Moving & { readonly place: readonly string[] },
  change: Change,
): Promise<string[]> {
  return [...(await movedBy(kind, change)), ...differing(change, kind.place)];
}

/** Those that put it on another machine; one that doesn't exist yet is another one. */
export async function movedBy(kind: Moving, change: Change): Promise<readonly string[]> {
  if (!kind.moved) return [];
  return hasUnknown(settingIn(change.news, kind.asked)) ? [kind.asked] : kind.moved(change);
}

type Moving = Pick<Placed<unknown, never>, "moved" | "asked">;

/** Rejects moving a running app host or nginx, which would be an outage. */
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
  if (await closing(kind.open(olds), isRunning)) {
    throw new InvalidInput(setting, cannotMove(settingIn(olds, setting), settingIn(news, setting)));
  }
}

/** A failed `check`, blamed on the setting in the error, or else on `asked`. */
export function refusal(error: unknown, asked: string): CheckAnswer {
  const { property, reason } =
    error instanceof InvalidInput ? error : { property: asked, reason: messageOf(error) };
  return { failures: [{ property, reason: `${reason}. Nothing was changed.` }] };
}
