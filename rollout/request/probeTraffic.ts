import { z } from "zod";
import { integer, urlPath } from "./fields.ts";

/** Requests that a roll sends through nginx itself, so that something is counted where no clients are. */
export const probeTraffic = z.strictObject({
  /** As clients ask for it. */
  path: urlPath,
  /** Over all nginx. */
  requestsPerSecond: integer(1, 100),
});
export type ProbeTraffic = z.infer<typeof probeTraffic>;
