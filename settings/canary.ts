import { InvalidInput } from "#rollout/common/errors.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { textOf } from "./reader.ts";

/** Stands for a jar that is not read yet. */
export const UNREAD = { path: "/", version: "", sha256: "0".repeat(64) };

/** Where the jar of the canaries is; `request` is what can be checked before it is read. */
export interface CanarySettings {
  readonly jar: { readonly path: string; readonly version?: string } | Jar;
  readonly request: object;
}

/** The canaries; an object without any entry means none. */
export function readCanary(given: {
  readonly jar?: unknown;
  readonly version?: unknown;
}): CanarySettings | undefined {
  if (Object.keys(given).length === 0) return undefined;
  const { jar, version, ...rest } = given;
  if (jar === undefined || jar === "") throw new InvalidInput("canary.jar", "expected a jar, got nothing");
  return {
    jar: {
      path: textOf("canary.jar", jar),
      ...(version !== undefined && { version: textOf("canary.version", version) }),
    },
    request: { ...rest, release: "", jar: UNREAD },
  };
}
