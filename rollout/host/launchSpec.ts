import { createHash } from "node:crypto";
import { z } from "zod";
import { environment, launch } from "../request/launch.ts";

/** How an application is started: options, arguments and environment. */
export const launchSpec = z.object({ launch, environment });
export type LaunchSpec = z.infer<typeof launchSpec>;

/** Fingerprint of a way to start the application at an address: 12 hexadecimal digits that reveal no secret. */
export function launchFingerprint(
  { launch, environment }: LaunchSpec,
  address: string,
  port: number,
): string {
  const sorted = Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([launch, sorted, address, port]))
    .digest("hex")
    .slice(0, 12);
}
