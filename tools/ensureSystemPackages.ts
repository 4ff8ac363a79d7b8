import { findExecutable } from "#kinds/local/findExecutable.ts";
import { aptPackages } from "./aptPackages.ts";
import { installWithApt } from "./installWithApt.ts";
import { report } from "./report.ts";
import { SetupError } from "./setupError.ts";
import { type SystemPackage, systemPackages } from "./systemPackages.ts";

/** Installs missing system packages with apt-get, or tells the user what to do. */
export async function ensureSystemPackages(): Promise<void> {
  const missing = await findMissing(systemPackages);
  if (missing.length === 0) return;
  if (!(await installWithApt(missing)))
    throw new SetupError(`${names(missing)} … missing; ${await remedy(missing)}`);
  const still = await findMissing(missing);
  if (still.length > 0) throw new SetupError(`${names(still)} … installed, but not found on PATH`);
}

async function findMissing(wanted: readonly SystemPackage[]): Promise<SystemPackage[]> {
  const searched = await Promise.all(wanted.map(async (item) => ({ item, place: await item.find() })));
  for (const { item, place } of searched) if (place) report(`${item.name} … found ${place}`);
  return searched.filter(({ place }) => !place).map(({ item }) => item);
}

async function remedy(missing: readonly SystemPackage[]): Promise<string> {
  if (findExecutable("apt-get"))
    return `install with: sudo apt-get install ${(await aptPackages(missing)).join(" ")}`;
  const commands = { dnf: "sudo dnf install", brew: "brew install" } as const;
  const manager = (["dnf", "brew"] as const).find((name) => findExecutable(name));
  if (!manager) return "install with this system's package manager, then run this again";
  return `install with: ${commands[manager]} ${missing.map((item) => item.packages[manager]).join(" ")}`;
}

function names(items: readonly SystemPackage[]): string {
  return items.map((item) => item.name).join(", ");
}
