import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { inRepository } from "./inRepository.ts";

/** Environment variables for a state in this repository, with a generated passphrase unless the user has one. */
export async function localBackend(environment: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const state = inRepository(".rollgate", "state");
  await mkdir(inRepository(".rollgate"), { recursive: true });
  if (await mkdir(state, { recursive: true, mode: 0o700 })) {
    console.error(
      "rollgate: you are not logged in to a Pulumi backend, so state and passphrase are kept in .rollgate",
    );
  }
  const backend = { PULUMI_BACKEND_URL: `file://${state}` };
  if ("PULUMI_CONFIG_PASSPHRASE" in environment || environment.PULUMI_CONFIG_PASSPHRASE_FILE) return backend;
  return { ...backend, PULUMI_CONFIG_PASSPHRASE_FILE: await passphraseFile() };
}

async function passphraseFile(): Promise<string> {
  const file = inRepository(".rollgate", "passphrase");
  if (!existsSync(file))
    await writeFile(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  return file;
}
