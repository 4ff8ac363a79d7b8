import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NginxAbilities, nginxAbilities } from "#rollout/nginx/nginxAbilities.ts";
import { nginxVersion, testConfiguration } from "./nginxProcess.ts";

/** What the nginx of this machine can do; nothing is left behind. */
export async function findAbilities(executable: string): Promise<NginxAbilities> {
  const directory = await mkdtemp(join(tmpdir(), "rollgate-nginx-"));
  try {
    return await nginxAbilities(await nginxVersion(executable), async (configuration) => {
      await writeFile(join(directory, "probe.conf"), configuration);
      await testConfiguration(executable, directory, "probe.conf");
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
