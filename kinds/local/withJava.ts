import { resolve } from "node:path";
import type { Launch } from "#rollout/request/launch.ts";
import { findExecutable } from "./findExecutable.ts";

/**
 * The way to start an application with its Java found: a name is looked up on the PATH of whoever rolls, and the path
 * is part of how the application is started. What was `known` before is kept as long as it is there and has that name,
 * so that a shell with another PATH starts the same Java.
 */
export function withJava(launch: Launch, known?: string): Launch {
  const { java } = launch;
  if (java.includes("/")) return { ...launch, java: resolve(java) };
  const stays = known?.endsWith(`/${java}`) ? findExecutable(known) : undefined;
  return { ...launch, java: stays ?? findExecutable(java) ?? java };
}
