import { z } from "zod";
import { integer, name, show, text } from "./fields.ts";
import { identifiedJar } from "./identifiedJar.ts";

/** Whether canaries get the same share of requests as all hosts, or only those that ask for it. */
export const canaryTraffic = z.enum(["share", "testers"], {
  error: (issue) => `expected share or testers, got ${show(issue.input)}`,
});

/** Hosts that run another release than the others for as long as the settings say so. */
export const canary = z.strictObject({
  hosts: z
    .array(name, { error: (issue) => `expected a list of hosts, got ${show(issue.input)}` })
    .min(1, { error: "expected at least one host, got none" }),
  /** Like the release of all others. */
  release: text,
  jar: identifiedJar,
  /** Like the image of all others. */
  image: text.exactOptional(),
  /** For nginx; `share` if absent. */
  traffic: canaryTraffic.exactOptional(),
  /** Instead of the soak of all others. */
  soakSeconds: integer(0, 86_400).exactOptional(),
});
export type Canary = z.infer<typeof canary>;
