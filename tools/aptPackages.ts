import { run } from "./run.ts";
import type { SystemPackage } from "./systemPackages.ts";

/** The name of each package in this release of the distribution. */
export async function aptPackages(missing: readonly SystemPackage[]): Promise<string[]> {
  return Promise.all(missing.map((item) => firstKnown(item.packages["apt-get"])));
}

async function firstKnown([name, ...others]: readonly [string, ...string[]]): Promise<string> {
  for (const candidate of [name, ...others]) {
    const known = await run("apt-cache", ["show", candidate]).catch(() => undefined);
    if (known) return candidate;
  }
  return name;
}
