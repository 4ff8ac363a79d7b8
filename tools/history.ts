import { parseArgs } from "node:util";
import { messageOf } from "#rollout/common/errors.ts";
import { historyEntry } from "#rollout/record/history.ts";
import { RecordFolder } from "#rollout/record/recordFolder.ts";
import { historyFolder } from "./historyFolder.ts";
import { historyTable } from "./historyTable.ts";
import { inRepository } from "./inRepository.ts";
import { runPulumi } from "./runPulumi.ts";
import { SetupError } from "./setupError.ts";

const LISTED = 20;
const USAGE = "npm run history -- [--stack <stack>] [--json]";

await list().catch((error: unknown) => {
  if (!(error instanceof SetupError)) throw error;
  console.error(`rollgate history: ${error.message}`);
  process.exit(1);
});

/** Lists the last rolls of a stack, newest first. */
async function list(): Promise<void> {
  const { stack = await selectedStack(), json } = readArguments();
  const folder = await historyFolder(inRepository(), stack);
  const rolls = await new RecordFolder(folder).newest(LISTED, stack).catch((error: unknown) => {
    throw new SetupError(`the records of ${stack} can't be read: ${messageOf(error)}`, { cause: error });
  });
  const entries = rolls.map(historyEntry);
  if (json) return console.log(JSON.stringify(entries, undefined, 2));
  if (entries.length === 0) return console.log(`No roll of stack ${stack} has left a record in ${folder}.`);
  for (const line of historyTable(entries, process.cwd())) console.log(line);
}

function readArguments(): { readonly stack?: string | undefined; readonly json: boolean } {
  try {
    const options = {
      stack: { type: "string", short: "s" },
      json: { type: "boolean", default: false },
    } as const;
    const { values } = parseArgs({ options });
    return values;
  } catch (error) {
    throw new SetupError(`${messageOf(error).split(". ")[0]}; expected ${USAGE}`, { cause: error });
  }
}

async function selectedStack(): Promise<string> {
  const { code, output } = await runPulumi(["stack", "--show-name"]);
  if (code !== 0) throw new SetupError(`no stack is selected; expected ${USAGE}`);
  return output.trim();
}
