/** Prints a line of progress to stderr, so that stdout has only a command's output. */
export function report(line: string): void {
  console.error(`rollgate setup: ${line}`);
}
