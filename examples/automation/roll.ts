// Rolls a jar and prints what came of it, as one line of JSON:
//
//   node roll.ts ../shop/target/shop.jar [--preview]
//
// Exit codes: 0 if all went well, 75 if another update of the stack is running, 1 if the update failed.
import { resolve } from "node:path";
import { automation } from "@pulumi/pulumi";
import { shop } from "./shop.ts";

const jar = resolve(process.argv[2] ?? "shop.jar");
// Relative paths in the settings are relative to the working directory.
process.chdir(import.meta.dirname);
const stack = await automation.LocalWorkspace.createOrSelectStack(
  { projectName: "shop", stackName: "prod", program: async () => shop(jar) },
  // The state loads rollgate from here, so this is where it must be installed.
  { workDir: import.meta.dirname },
);

const errors = new Set<string>();
/** What the rollout knows after a failed roll: what each host runs, and where the report is. */
let rollout: Record<string, unknown> = {};

function onEvent({ diagnosticEvent: said, resOpFailedEvent: failed }: automation.EngineEvent) {
  if (said?.severity === "error") errors.add(said.message.trim());
  // The steps of a roll, as they happen.
  if (said?.severity === "info") console.error(said.message.trim());
  if (failed?.metadata.type.endsWith("rollgate:RollingDeployment"))
    rollout = failed.metadata.new?.outputs ?? {};
}

try {
  if (process.argv.includes("--preview")) {
    const { changeSummary } = await stack.preview({ onEvent });
    console.log(JSON.stringify({ outcome: "previewed", changes: changeSummary }));
  } else {
    const { outputs } = await stack.up({ onEvent });
    const values = Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
    console.log(JSON.stringify({ outcome: "succeeded", ...values }));
  }
} catch (error) {
  if (!(error instanceof automation.CommandError)) throw error;
  const isBusy = error instanceof automation.ConcurrentUpdateError;
  const { releases, durationSeconds, report } = rollout;
  // Without an event if the update didn't even start.
  if (errors.size === 0) errors.add(error.message.trim());
  const told = { errors: [...errors], releases, durationSeconds, report };
  console.log(JSON.stringify({ outcome: isBusy ? "busy" : "failed", ...told }));
  process.exitCode = isBusy ? 75 : 1;
}
