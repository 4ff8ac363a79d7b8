import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Whether the user has chosen a backend for Pulumi, by environment or `pulumi login`. */
export async function hasBackend(environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (environment.PULUMI_BACKEND_URL || environment.PULUMI_ACCESS_TOKEN) return true;
  const home = environment.PULUMI_CREDENTIALS_PATH ?? environment.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const credentials = await readFile(join(home, "credentials.json"), "utf8").catch(() => "{}");
  const { current }: { current?: string } = JSON.parse(credentials);
  return Boolean(current);
}
