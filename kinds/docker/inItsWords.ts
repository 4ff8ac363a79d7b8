import { RollgateError } from "#rollout/common/errors.ts";
import { describeDockerError } from "./containerMachine.ts";

/** Reports Docker's errors in its own words. */
export async function inItsWords<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof RollgateError) throw error;
    throw new RollgateError("docker", describeDockerError(error), { cause: error });
  }
}
