import { isDeepStrictEqual } from "node:util";

declare const from: unique symbol;

/** Inputs or outputs, by name. */
export type Values = Readonly<Record<string, unknown>>;

/** The inputs of a resource, from the program. */
export type News = Values & { readonly [from]?: "the program" };

/** The recorded state of a resource; empty if it is new. */
export type Olds = Values & { readonly [from]?: "the state" };

/** Old and new, distinct by name and type, so that they can't be mixed up. */
export interface Change {
  readonly olds: Olds;
  readonly news: News;
}

/** The settings that differ. */
export function differing({ olds, news }: Change, settings: readonly string[]): string[] {
  return settings.filter((setting) => !isDeepStrictEqual(settingIn(olds, setting), settingIn(news, setting)));
}

/** The value of one setting in inputs. */
export function settingIn(inputs: object, setting: string): unknown {
  return Object.hasOwn(inputs, setting) ? Reflect.get(inputs, setting) : undefined;
}
