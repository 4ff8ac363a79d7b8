/** Shows one line of progress, on stderr so that what a command prints stays clean. */
export function report(line: string): void {
  console.error(`rollgate setup: ${line}`);
}
