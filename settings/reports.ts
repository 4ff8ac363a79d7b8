import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";

const OFF = "off";

/** Where the records of rolls go, and whose they are; nothing if none are to be kept. */
export function readReports(given: string): { readonly reports?: string; readonly stack?: string } {
  if (given === OFF) return {};
  const stack = pulumi.getStack();
  return { reports: resolve(given || `.rollgate/reports/${stack}`), stack };
}
