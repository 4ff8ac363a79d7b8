import { realpathSync } from "node:fs";
import { dirname, sep } from "node:path";
import { findExecutable, searchPath } from "#kinds/local/findExecutable.ts";
import { inRepository } from "./inRepository.ts";
import { isAtLeast } from "./isAtLeast.ts";
import { run } from "./run.ts";
import { vendorDirectory } from "./vendorDirectory.ts";
import { minimumVersions } from "./versions.ts";

/** A Pulumi CLI with the plugins for Node.js programs and dynamic resources. */
export interface PulumiCli {
  readonly executable: string;
  readonly version: string;
  /** The directories that must be on PATH. */
  readonly directories: readonly string[];
}

/** The CLI to use: the user's own, else the one built here, else the one downloaded by the vendor's npm package. */
export async function findPulumi(): Promise<PulumiCli | undefined> {
  for (const directory of [...searchPath(), inRepository(".tools", "bin"), vendorDirectory()]) {
    const cli = await inspect(directory);
    if (cli) return cli;
  }
  return undefined;
}

async function inspect(directory: string): Promise<PulumiCli | undefined> {
  const executable = findExecutable("pulumi", [directory]);
  if (!executable || isNpmShim(executable)) return undefined;
  const beside = [directory, dirname(realpathSync(executable)), ...searchPath()];
  const languageHost = findExecutable("pulumi-language-nodejs", beside);
  const dynamicProvider = findExecutable("pulumi-resource-pulumi-nodejs", beside);
  if (!languageHost || !dynamicProvider) return undefined;
  const version = await versionOf(executable);
  if (!version || !isAtLeast(version, minimumVersions.pulumi)) return undefined;
  const directories = [...new Set([executable, languageHost, dynamicProvider].map((file) => dirname(file)))];
  return { executable, version, directories };
}

/** The npm package's `pulumi` downloads the CLI whenever it runs, even with `version`. */
function isNpmShim(executable: string): boolean {
  return realpathSync(executable).includes(`${sep}node_modules${sep}`);
}

async function versionOf(executable: string): Promise<string | undefined> {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { stdout } = await run(executable, ["version"], { env }).catch(() => ({ stdout: "" }));
  return /^v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
}
