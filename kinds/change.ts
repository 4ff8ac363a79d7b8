import { isDeepStrictEqual } from "node:util";

declare const from: unique symbol;

/** Inputs or outputs, by their names. */
export type Values = Readonly<Record<string, unknown>>;

/** What the program says of a resource. */
export type News = Values & { readonly [from]?: "the program" };

/** What the state says of a resource; empty for one that is new. */
export type Olds = Values & { readonly [from]?: "the state" };

/** Both by name and by type, so that neither is taken for the other. */
export interface Change {
  readonly olds: Olds;
  readonly news: News;
}

/** The settings in which both differ. */
export function differing({ olds, news }: Change, settings: readonly string[]): string[] {
  return settings.filter((setting) => !isDeepStrictEqual(settingIn(olds, setting), settingIn(news, setting)));
}

/** What inputs say of one setting. */
export function settingIn(inputs: object, setting: string): unknown {
  return Object.hasOwn(inputs, setting) ? Reflect.get(inputs, setting) : undefined;
}
