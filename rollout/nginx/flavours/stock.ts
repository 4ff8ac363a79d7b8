import type { FlavourLines } from "./flavourLines.ts";

/** Nobody checks the hosts: nginx's own failover takes one out for a moment after a few failures. */
export const stockLines: FlavourLines = {
  main: "",
  http: "",
  checks: "",
  failover: { all: true, smaller: true },
  pool: "$drained_pool",
  outage: "no host takes traffic",
  server: "",
  status: `default_type application/json;
            return 200 '{"checks":"none","drained":"$drained"}\\n';`,
  files: [],
};
