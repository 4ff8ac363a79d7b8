import type { Machine } from "./machine.ts";

/** Whether there is a folder on a machine, as the account sees it that logs in. */
export async function isFolder(machine: Pick<Machine, "run">, path: string): Promise<boolean> {
  return (await machine.run('if [ -d "$1" ]; then echo yes; fi', [path])) !== "";
}
