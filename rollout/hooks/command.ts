/** A command that may take long, and what it gets besides the environment of the place where it runs. */
export interface Command {
  /** The program and its arguments. */
  readonly words: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly deadlineSeconds: number;
}

/** Receives pieces of a command's output, both of its streams in order. */
export type Output = (text: string) => void;

/** How a command ended: with an exit code, or killed at its deadline. */
export type Ended = number | "overdue";

/** Between SIGTERM and SIGKILL at the deadline. */
export const FAREWELL_SECONDS = 5;
