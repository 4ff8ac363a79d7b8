import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Why Pulumi has no plugin for this package here: on a user's machine it downloads one. */
export function noPlugin(name: string): string | undefined {
  const home = process.env.PULUMI_HOME || join(homedir(), ".pulumi");
  const plugin = new RegExp(`^resource-${name}-v[\\d.]+$`);
  try {
    if (readdirSync(join(home, "plugins")).some((entry) => plugin.test(entry))) return;
  } catch {
    // No folder, no plugin.
  }
  return `Pulumi's ${name} plugin is not installed (pulumi plugin install resource ${name})`;
}
