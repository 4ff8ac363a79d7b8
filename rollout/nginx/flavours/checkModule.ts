import type { PoolMember } from "../drainPools.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import type { FlavourLines } from "./flavourLines.ts";
import { stockLines } from "./stock.ts";

/**
 * The third-party module checks the upstream with all hosts; the others serve only for minutes and are not checked.
 * https://github.com/yaoweibin/nginx_upstream_check_module
 */
export function checkModuleLines({ check, hosts }: NginxSettings): FlavourLines {
  const [healthPort] = healthPortsOf(hosts);
  const port = healthPort === undefined ? "" : ` port=${healthPort}`;
  return {
    ...stockLines,
    checks: `        check interval=${check.intervalMilliseconds} rise=${check.rise} fall=${check.fall} timeout=${check.timeoutMilliseconds} type=http${port};
        check_http_send "GET ${check.path} HTTP/1.0\\r\\n\\r\\n";
        check_http_expect_alive ${check.expect.map((statuses) => `http_${statuses}`).join(" ")};
`,
    failover: { all: false, smaller: true },
    status: "check_status;",
  };
}

/** The distinct health ports of these hosts, `undefined` for the application's; the module supports only one. */
export function healthPortsOf(hosts: readonly PoolMember[]): (number | undefined)[] {
  return [...new Set(hosts.map(({ healthPort }) => healthPort))];
}
