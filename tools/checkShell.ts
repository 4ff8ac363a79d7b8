import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { inRepository } from "./inRepository.ts";
import { report } from "./report.ts";

/** Runs shellcheck, if installed, on every script of this repository. */
const cwd = inRepository("");
const scripts = ["rollout", "kinds", "provider", "components", "tools", "test"].flatMap((folder) =>
  globSync(`${folder}/**/*.sh`, { cwd }),
);
const shellcheck = findExecutable("shellcheck");
if (shellcheck) {
  const { status } = spawnSync(shellcheck, ["--shell=sh", ...scripts], { cwd, stdio: "inherit" });
  process.exitCode = status ?? 1;
} else {
  report(`shellcheck … not found: ${scripts.length} scripts were not checked (apt-get install shellcheck)`);
}
