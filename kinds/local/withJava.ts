import { resolve } from "node:path";
import type { Launch } from "#rollout/request/launch.ts";
import { findExecutable } from "./findExecutable.ts";

/**
 * Looks up Java on the user's PATH and makes its path part of the launch options. The path `known` from before is kept
 * as long as it exists and has the same name, so that a shell with another PATH starts the same Java.
 */
export function withJava(launch: Launch, known?: string): Launch {
  const { java } = launch;
  if (java.includes("/")) return { ...launch, java: resolve(java) };
  const stays = known?.endsWith(`/${java}`) ? findExecutable(known) : undefined;
  return { ...launch, java: stays ?? findExecutable(java) ?? java };
}
