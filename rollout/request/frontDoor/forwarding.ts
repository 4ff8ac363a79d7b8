import { z } from "zod";
import { show } from "../fields.ts";

const EVERYONE = /\/0+$/;

const network = z
  .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
    error: (issue) => `expected an address or a network such as 10.0.0.0/8, got ${show(issue.input)}`,
  })
  .refine((value) => !EVERYONE.test(value), {
    error: (issue) => `expected the network of a proxy, got ${show(issue.input)}, which is everyone`,
  });

/** The proxies in front of nginx whose word about a client counts. */
export const trustedProxies = z
  .array(network, { error: (issue) => `expected a list of networks, got ${show(issue.input)}` })
  .min(1, { error: "expected at least one network, got none" });

/** How those proxies tell nginx about a client. */
export const forwardedBy = z.enum(["x-forwarded", "forwarded", "proxy-protocol"], {
  error: (issue) => `expected x-forwarded, forwarded or proxy-protocol, got ${show(issue.input)}`,
});
export type ForwardedBy = z.infer<typeof forwardedBy>;
