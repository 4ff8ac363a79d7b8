const MOST_MILLISECONDS = 8.64e15;

/** `2026-11-27 04:15:12 UTC`. */
export function utcDateAndTime(milliseconds: number): string {
  return Math.abs(milliseconds) <= MOST_MILLISECONDS
    ? `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`
    : "at an unknown time";
}

/** `04:15:12`. */
export function utcTime(milliseconds: number): string {
  return Math.abs(milliseconds) <= MOST_MILLISECONDS
    ? new Date(milliseconds).toISOString().slice(11, 19)
    : "–";
}
