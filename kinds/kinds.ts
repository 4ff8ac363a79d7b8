import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { show } from "#rollout/request/fields.ts";
import { proxiesOf } from "#rollout/request/places.ts";
import { refuseSharedPlaces } from "#rollout/request/refuseProxies.ts";
import { hostsOf, type RollRequest, rollRequest } from "#rollout/request/rollRequest.ts";
import { docker } from "./docker/docker.ts";
import type { Kind, MachineKind } from "./kind.ts";
import { kubernetes } from "./kubernetes/kubernetes.ts";
import { local } from "./local/local.ts";
import { ssh } from "./ssh/ssh.ts";

/** The known kinds of host, by name. */
export interface Kinds {
  /** The schema of a roll request for these kinds. */
  readonly request: z.ZodType<RollRequest>;
  named(name: string): Kind;
  /** The settings that only other kinds than this one have, with their kinds. */
  settingsOfOthers(name: string): readonly (readonly [kind: string, settings: readonly string[]])[];
}

/** All kinds. */
export const KINDS = { local, docker, ssh, kubernetes };

/** Makes kinds available by name. */
export function kindsOf(each: Readonly<Record<string, Kind>>): Kinds {
  const names = Object.keys(each);
  const expected = (got: string) =>
    `expected ${names.slice(0, -1).join(", ")} or ${names.at(-1)}, got ${got}`;
  const error = (issue: { readonly input?: unknown }) => expected(show(Object(issue.input).kind));
  const named = (name: string): Kind => {
    const kind = Object.hasOwn(each, name) ? each[name] : undefined;
    if (kind) return kind;
    throw new InvalidInput("kind", expected(name));
  };
  const kinds = names.map(named);
  const host = z.discriminatedUnion("kind", atLeastOne(kinds.map((kind) => kind.host)), { error });
  const proxy = z.discriminatedUnion("kind", atLeastOne(kinds.map((kind) => kind.proxy)), { error });
  const request = rollRequest
    .safeExtend({ hosts: hostsOf(host), proxies: proxiesOf(proxy) })
    .superRefine((places, context) =>
      refuseSharedPlaces(
        places,
        (place) => named(place.kind).machineOf(place),
        (path, message) => context.addIssue({ code: "custom", path, message }),
      ),
    );
  const settingsOfOthers = (name: string) =>
    Object.entries(each)
      .filter(([other]) => other !== name)
      .map(([other, { ownSettings = [] }]) => [other, ownSettings] as const);
  return { request, named, settingsOfOthers };
}

/** The kinds in use, except in tests. */
export const kinds = kindsOf(KINDS);

/** The kind with this name, which must be one whose hosts are on machines. */
export function machineKind(name: unknown): MachineKind {
  const kind = kinds.named(String(name));
  if ("openFleet" in kind) return kind;
  throw new InvalidInput("kind", `expected a kind whose hosts are on machines, got ${name}`);
}

function atLeastOne<T>([first, ...others]: readonly T[]): [T, ...T[]] {
  if (first === undefined) throw new TypeError("there is no kind");
  return [first, ...others];
}
