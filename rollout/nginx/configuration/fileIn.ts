import { join } from "node:path";
import type { NginxSettings } from "../nginxSettings.ts";

/** A file under nginx's prefix, as an argument of a directive. */
export function fileIn(directory: string, name: string): string {
  return `"${join(directory, name)}"`;
}

/**
 * A file that each request looks for. An nginx of ours is started in its folder, and a short path spares the kernel a third
 * of the look. One that was started elsewhere doesn't find the file, so the file may only be a shortcut.
 */
export function fileAtHand(
  { directory, isForeign }: Pick<NginxSettings, "directory" | "isForeign">,
  name: string,
): string {
  return isForeign ? join(directory, name) : name;
}
