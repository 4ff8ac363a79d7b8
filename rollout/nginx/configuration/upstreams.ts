import { endpoint } from "../../machine/connections.ts";
import type { DrainPool, PoolMember } from "../drainPools.ts";
import type { FlavourLines } from "../flavours/flavourLines.ts";

/** The upstream with all hosts, and one for each combination of drained hosts. */
export function upstreams(
  hosts: readonly PoolMember[],
  pools: readonly DrainPool[],
  { failover, checks }: Pick<FlavourLines, "failover" | "checks">,
): string {
  return `    upstream all {
${servers(hosts, failover.all)}${checks}    }
${pools
  .map(
    ({ name, without, members }) => `
    # without ${without.join(", ")}
    upstream ${name} {
${servers(members, failover.smaller)}    }
`,
  )
  .join("")}`;
}

function servers(hosts: readonly PoolMember[], failover: boolean): string {
  // With active checks, a server that is up again must not stay out for nginx's own fail_timeout. Without them, a few
  // failures in a row take it out for a moment.
  const limits = failover ? "max_fails=3 fail_timeout=2s" : "max_fails=0";
  return hosts.map(({ address, port }) => `        server ${endpoint(address, port)} ${limits};\n`).join("");
}
