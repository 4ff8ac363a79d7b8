import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parse } from "yaml";
import { isSystemError, messageOf } from "#rollout/common/errors.ts";
import { SetupError } from "./setupError.ts";

/** Where the rolls of a stack are recorded, by its settings in a project. */
export async function historyFolder(project: string, stack: string): Promise<string> {
  const path = resolve(project, `Pulumi.${stack}.yaml`);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    // A stack without settings of its own has no such file.
    if (isSystemError(error, "ENOENT")) return "";
    throw new SetupError(messageOf(error), { cause: error });
  });
  const given: unknown = Object(settingsIn(text, path))["rollgate:reports"];
  if (given === "off") throw new SetupError(`stack ${stack} keeps no records: reports is off`);
  return resolve(project, typeof given === "string" && given !== "" ? given : `.rollgate/reports/${stack}`);
}

function settingsIn(text: string, path: string): unknown {
  try {
    return Object(parse(text)).config;
  } catch (error) {
    throw new SetupError(`${path} is not valid YAML: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}
