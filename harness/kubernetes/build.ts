import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

// Builds the cluster's binary once; that takes ten minutes and more, so CI goes without.
const K = join(import.meta.dirname, "..", "..", ".tools", "kubernetes");
if (!existsSync(join(K, "bin", "kube"))) {
  const built = spawnSync("bash", [join(import.meta.dirname, "build.sh")], {
    env: { ...process.env, K },
    stdio: "inherit",
  });
  process.exitCode = built.status ?? 1;
}
