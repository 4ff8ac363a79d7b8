import { InvalidInput, isSystemError } from "#rollout/common/errors.ts";

/** Loads what needs a package of Pulumi's, which a program that installs ours brings only if it needs it. */
export async function fromProgram<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isSystemError(error, "ERR_MODULE_NOT_FOUND")) throw error;
    const [missing] = /@pulumi\/(kubernetes|docker)/.exec(error.message) ?? [];
    if (missing === undefined) throw error;
    const reason = `expected the package ${missing} in the program, found none: npm install ${missing}`;
    throw new InvalidInput("kind", reason, { cause: error });
  }
}
