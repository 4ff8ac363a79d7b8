import { randomInt } from "node:crypto";

const ROLL_ID = /^\d{8}-\d{6}-[0-9a-f]{4}$/;

/** A name for a roll that begins now: `20261127-041512-9f3c`. Names sort by time, to the millisecond. */
export function newRollId(began: Date): string {
  const [day = "", time = ""] = began.toISOString().split("T");
  const milliseconds = began.getUTCMilliseconds().toString(16).padStart(3, "0");
  return [
    day.replaceAll("-", ""),
    time.slice(0, 8).replaceAll(":", ""),
    `${milliseconds}${randomInt(16).toString(16)}`,
  ].join("-");
}

/** Whether a text is such a name. */
export function isRollId(text: string): boolean {
  return ROLL_ID.test(text);
}
