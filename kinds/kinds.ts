import { readDockerKind } from "./docker/dockerKind.ts";
import type { Kind } from "./kind.ts";
import { readLocalKind } from "./local/localKind.ts";
import { readSshKind } from "./ssh/sshKind.ts";

/** Every kind by its name in the settings. */
export const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["local", readLocalKind],
  ["docker", readDockerKind],
  ["ssh", readSshKind],
]);
