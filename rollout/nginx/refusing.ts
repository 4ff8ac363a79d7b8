import { RollgateError } from "../common/errors.ts";
import { CommandFailed } from "../machine/machine.ts";

/** Names the failure of a command: from its last words to the code and the message of an error. */
export async function refusing<T>(asked: Promise<T>, name: (words: string) => [string, string]): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new RollgateError(...name(error.message), { cause: error });
  }
}
