import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findExecutable } from "#kinds/local/findExecutable.ts";

const run = promisify(execFile);

/** The recipe for a Debian root file system. */
export interface DebianRecipe {
  readonly name: string;
  readonly suite: string;
  readonly packages: readonly string[];
  /** Shell commands that run inside, after everything is installed. */
  readonly finish: string;
}

/** Where the tests keep what takes minutes to create, for later runs. */
export const TEST_CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "rollgate-test");
const BUILD_MILLISECONDS = 900_000;

// The second process waits for the lock and then finds the root. A killed build leaves /proc mounted.
const BUILD = `
set -eu
root=$1 suite=$2 packages=$3 finish=$4
[ ! -d "$root" ] || exit 0
umount -l "$root.partial/proc" 2>/dev/null || :
rm -rf --one-file-system "$root.partial"
debootstrap --variant=minbase --include="$packages" "$suite" "$root.partial" >"$root.log" 2>&1 || {
  tail -n 3 "$root.log" >&2
  exit 1
}
chroot "$root.partial" sh -euc "$finish"
rm -rf "$root.partial"/var/cache/apt/archives/*.deb "$root.partial"/var/lib/apt/lists/*
mv "$root.partial" "$root"
`;

/** Why no root can be created here; `undefined` if it can. */
export async function noDebianRoot(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "debootstrap needs root";
  for (const command of ["debootstrap", "flock"]) {
    if (!(await findExecutable(command))) return `this machine has no ${command}`;
  }
  return undefined;
}

/** A short name for exactly this recipe, so that a changed one is built again. */
export function recipeName(recipe: DebianRecipe): string {
  const hash = createHash("sha256").update(JSON.stringify(recipe)).digest("hex");
  return `${recipe.name}-${hash.slice(0, 8)}`;
}

/** The directory of a root file system; the first call builds it from Debian's packages, which takes minutes. */
export async function debianRoot(recipe: DebianRecipe): Promise<string> {
  const { suite, packages, finish } = recipe;
  const root = join(TEST_CACHE, recipeName(recipe));
  await mkdir(TEST_CACHE, { recursive: true });
  await run("flock", [`${root}.lock`, "sh", "-c", BUILD, "sh", root, suite, packages.join(), finish], {
    timeout: BUILD_MILLISECONDS,
  });
  return root;
}
