import { resolve } from "node:path";
import { InvalidInput } from "#rollout/common/errors.ts";
import type { Reader } from "./reader.ts";

const OFF = "off";

/** Where the records of rolls go, where they are served, and whose they are; nothing if none are to be kept. */
export function readReports(reader: Reader): {
  readonly reports?: string;
  readonly reportsUrl?: string;
  readonly stack?: string;
} {
  const [given, reportsUrl] = [reader.text("reports"), reader.text("reportsUrl")];
  if (given === OFF && reportsUrl !== "")
    throw new InvalidInput("reportsUrl", `expected nothing while reports is ${OFF}, got ${reportsUrl}`);
  if (given === OFF) return {};
  const { stack } = reader;
  const reports = resolve(given || `.rollgate/reports/${stack}`);
  return { reports, ...(reportsUrl !== "" && { reportsUrl }), stack };
}
