import { findExecutable } from "#kinds/local/findExecutable.ts";
import { aptPackages } from "./aptPackages.ts";
import { mayBeRoot, runAsRoot } from "./runAsRoot.ts";
import type { SystemPackage } from "./systemPackages.ts";
import { withoutService } from "./withoutService.ts";
import { withProgress } from "./withProgress.ts";

/** Installs packages; returns false if there is no apt-get or no permission to use it. */
export async function installWithApt(missing: readonly SystemPackage[]): Promise<boolean> {
  if (!findExecutable("apt-get") || !(await mayBeRoot())) return false;
  await withProgress("package lists … updating with apt-get", apt("update"));
  const packages = await aptPackages(missing);
  const install = () => apt("install", "--yes", "--no-install-recommends", ...packages);
  await withProgress(
    `${packages.join(", ")} … installing with apt-get`,
    packages.includes("nginx") ? withoutService("nginx", install) : install(),
  );
  return true;
}

function apt(...args: string[]) {
  return runAsRoot(
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "-qq",
    "-o",
    "DPkg::Lock::Timeout=120",
    ...args,
  );
}
