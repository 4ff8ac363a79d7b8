import { messageOf } from "../common/errors.ts";
import { plainLine } from "../common/plainLine.ts";
import { within } from "../common/within.ts";
import type { Slot } from "../host/appHost.ts";
import { tellingLines } from "./tellingLines.ts";

const READ_LINES = 200;
const SHOWN_LINES = 15;
const READ_SECONDS = 10;

/** The log lines that explain why an application failed, and where the rest is. Never throws: it must not hide the failure. */
export async function evidence(slot: Slot, redact: (text: string) => string): Promise<string[]> {
  try {
    const log = await within(READ_SECONDS, "reading it", slot.logTail(READ_LINES));
    const lines = log.slice(-READ_LINES).map((line) => plainLine(redact(line)));
    return [...tellingLines(lines, SHOWN_LINES), `Full log: ${slot.logPlace}`];
  } catch (error) {
    return [`The log could not be read: ${plainLine(messageOf(error))}. It is at ${slot.logPlace}`];
  }
}
