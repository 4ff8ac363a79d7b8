import { join } from "node:path";
import type { NginxSettings } from "../nginxSettings.ts";

/** Where people read what nginx complains about, as `error_log` takes it. */
export function errorLogOf({ errorLog, directory }: Pick<NginxSettings, "errorLog" | "directory">): string {
  return errorLog ?? `"${join(directory, "logs", "error.log")}"`;
}
