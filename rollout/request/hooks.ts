import { z } from "zod";
import { integer, show } from "./fields.ts";

const DEADLINE = integer(1, 86_400);

/** A string for the shell, or a list of words. */
const command = z.custom<string | readonly string[]>(isCommand, {
  error: (issue) =>
    `expected a command, as a string for the shell or a list of words, got ${show(issue.input)}`,
});

/** A command of the user's that a roll runs, and where: on the deployer, or once on the first host of the roll. */
const hook = z.strictObject({
  command,
  where: z.enum(["deployer", "first-host"], {
    error: (issue) => `expected deployer or first-host, got ${show(issue.input)}`,
  }),
  deadlineSeconds: DEADLINE,
});
export type Hook = z.infer<typeof hook>;

const deployerHook = hook.extend({
  where: z.enum(["deployer"], {
    error: (issue) =>
      `expected deployer, since only beforeRoll and afterRoll can run on a host, got ${show(issue.input)}`,
  }),
});

/** The commands of a roll, by the moment at which they run, in order. */
export const hooks = z.strictObject({
  /** Before any host is touched, if any is to be; a failure ends the roll. */
  beforeRoll: z.array(hook).exactOptional(),
  beforeHost: z.array(deployerHook).exactOptional(),
  /** A failure is that of one more gate. */
  afterHost: z.array(deployerHook).exactOptional(),
  /** Once all hosts are on the release; a failure is a warning. */
  afterRoll: z.array(hook).exactOptional(),
  onFailure: z.array(deployerHook).exactOptional(),
});
export type Hooks = z.infer<typeof hooks>;
export type HookPoint = keyof Hooks;

function isCommand(value: unknown): boolean {
  const words = Array.isArray(value) ? value : [value];
  return words.every((word) => typeof word === "string") && (words[0] ?? "").trim() !== "";
}
