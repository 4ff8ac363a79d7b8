import { runPulumi } from "../../tools/runPulumi.ts";

/** Why Pulumi's provider of remote commands cannot be had here, or `undefined`. */
export async function noCommandPlugin(): Promise<string | undefined> {
  const { code, output } = await runPulumi(["plugin", "install", "resource", "command", "1.2.1"]);
  if (code === 0) return undefined;
  return `Pulumi's provider of remote commands cannot be had: ${output.trim().split("\n").at(-1)}`;
}
