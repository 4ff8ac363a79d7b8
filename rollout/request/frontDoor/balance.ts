import { z } from "zod";
import { show } from "../fields.ts";

/** Which host gets the next request of a client. */
export const balance = z.enum(["round-robin", "least-conn", "ip-hash", "cookie"], {
  error: (issue) => `expected round-robin, least-conn, ip-hash or cookie, got ${show(issue.input)}`,
});
export type Balance = z.infer<typeof balance>;
