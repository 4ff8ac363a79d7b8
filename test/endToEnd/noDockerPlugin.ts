import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Why Pulumi has no docker plugin here: on a user's machine it downloads one. */
export function noDockerPlugin(): string | undefined {
  const home = process.env.PULUMI_HOME || join(homedir(), ".pulumi");
  try {
    if (readdirSync(join(home, "plugins")).some((name) => /^resource-docker-v[\d.]+$/.test(name))) return;
  } catch {
    // No folder, no plugin.
  }
  return "Pulumi's docker plugin is not installed (pulumi plugin install resource docker)";
}
