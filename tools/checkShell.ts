import { globSync } from "node:fs";
import { findExecutable } from "./findExecutable.ts";
import { inRepository } from "./inRepository.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";

/** Has shellcheck read every script of this repository, where it is installed. */
const scripts = ["rollout", "kinds", "provider", "components", "tools", "test"].flatMap((folder) =>
  globSync(`${folder}/**/*.sh`, { cwd: inRepository("") }),
);
if (!findExecutable("shellcheck")) {
  report(`shellcheck … not found, ${scripts.length} scripts were not checked; apt-get install shellcheck`);
} else {
  // Scripts of one machine are joined with others before they run, so what a file sources is not followed.
  const words = await run("shellcheck", ["--shell=sh", "--exclude=SC1090,SC1091", ...scripts], {
    cwd: inRepository(""),
  }).then(
    () => "",
    (error: unknown) => String(Object(error).stdout || error),
  );
  if (words !== "") {
    console.error(words.trim());
    process.exitCode = 1;
  }
}
