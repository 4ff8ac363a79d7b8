import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import { isSystemError, RollgateError } from "#rollout/common/errors.ts";

/** The folder of the docker CLI's configuration. */
export function dockerFolder(environment: NodeJS.ProcessEnv): string {
  return environment.DOCKER_CONFIG || join(homedir(), ".docker");
}

/** Reads a file; `undefined` if there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Parses a file of the docker CLI; errors don't quote or keep it, because it may contain passwords. */
export function parseConfig<T>(schema: z.ZodType<T>, text: string, place: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new RollgateError(
      "docker-config",
      `expected the docker CLI's own format in ${place}, got something else`,
    );
  }
}
