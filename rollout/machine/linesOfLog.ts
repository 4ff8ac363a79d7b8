/** How many bytes from the end of a log are read. */
export const LOG_BYTES = 64 * 1024;

/** Splits the end of a log into lines. */
export function linesOfLog(text: string): string[] {
  const written = text.trimEnd();
  return written === "" ? [] : written.split("\n");
}
