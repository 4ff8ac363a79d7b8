import { join } from "node:path";
import type { NginxSettings } from "../nginxSettings.ts";
import { fileIn } from "./fileIn.ts";

/** The log for errors that matter, as an argument of `error_log`. */
export function errorLogOf({ errorLog, directory }: Pick<NginxSettings, "errorLog" | "directory">): string {
  return errorLog ?? fileIn(directory, join("logs", "error.log"));
}
