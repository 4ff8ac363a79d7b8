import type { FlavourLines } from "./flavourLines.ts";

/** No active checks: nginx's passive failover takes a host out for a moment after a few failures. */
export const stockLines: FlavourLines = {
  main: "",
  http: "",
  watch: () => ({ failover: true, checks: "" }),
  out: "$drained",
  pool: "$drained_pool",
  outage: "no host takes traffic",
  server: "",
  status: `default_type application/json;
            return 200 '{"checks":"none","drained":"$drained"}\\n';`,
  files: [],
};
