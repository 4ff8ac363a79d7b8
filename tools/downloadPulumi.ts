import { setGlobalProxyFromEnv } from "node:http";
import { createRequire } from "node:module";
import { run } from "./run.ts";
import { SetupError } from "./setupError.ts";
import { withProgress } from "./withProgress.ts";

const require = createRequire(import.meta.url);
const { installCLI } = require("pulumi/lib/download.js") as {
  installCLI(version: string, root: string, io: InstallerIo): Promise<void>;
};

interface InstallerIo {
  fetchText(url: string): Promise<string>;
  execScript(): void;
}

/** Lets the npm package `pulumi` download the vendor's release, if the vendor can be reached. */
export async function downloadPulumi(): Promise<void> {
  await rehearse();
  const env = { ...process.env, NODE_USE_ENV_PROXY: "1" };
  const download = run(process.execPath, [require.resolve("pulumi/run.js"), "version"], {
    env,
    timeout: 600_000,
  });
  await withProgress("Pulumi CLI … downloading the vendor's release", download);
}

/** Does the installer's first step: fetches its script, without running it. */
async function rehearse(): Promise<void> {
  setGlobalProxyFromEnv();
  await installCLI("", "", { fetchText, execScript: () => {} });
}

async function fetchText(url: string): Promise<string> {
  const { host } = new URL(url);
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch((cause: unknown) => {
    throw new SetupError(`${host} is unreachable`, { cause });
  });
  if (!response.ok) throw new SetupError(`${host} answered ${response.status}`);
  return response.text();
}
