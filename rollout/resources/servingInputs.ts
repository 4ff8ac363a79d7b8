import { z } from "zod";
import { poolMember } from "../descriptors.ts";
import { integer, urlPath } from "../fields.ts";
import { flavour } from "../rollRequest.ts";

/** What nginx is to serve, whatever the kind of machine that it runs on. */
export const servingInputs = {
  /** `auto` takes the best that this nginx can do. */
  flavour: z.enum(["auto", ...flavour.options], {
    error: (issue) => `expected auto, ${flavour.options.join(" or ")}, got ${JSON.stringify(issue.input)}`,
  }),
  hosts: z.array(poolMember),
  healthPath: urlPath,
  slowestRequestSeconds: integer(0, 3600),
  /** How long a host that leaves may take to finish its requests. */
  settleSeconds: integer(0, 3600),
  leaseWaitSeconds: integer(0, 86_400),
  check: z.strictObject({
    path: urlPath,
    intervalMilliseconds: integer(100, 600_000),
    rise: integer(1, 100),
    fall: integer(1, 100),
    timeoutMilliseconds: integer(10, 600_000),
  }),
  statusAllow: z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
      error: (issue) =>
        `expected an address or a network such as 10.0.0.0/8, got ${JSON.stringify(issue.input)}`,
    }),
  ),
};
