import type { HostPlace } from "../../host/hostPlace.ts";
import { slotsOf, type TwoSlots } from "../../host/slots.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { browserPage, browserPageLocation } from "./browserPage.ts";
import type { FlavourLines } from "./flavourLines.ts";
import { stockLines } from "./stock.ts";

/**
 * The third-party module checks the upstreams that may serve for long: the one with all slots, and those with one slot of
 * every host, of every canary, or of every other host. The rest serve only for minutes and are not checked.
 * https://github.com/yaoweibin/nginx_upstream_check_module
 */
export function checkModuleLines(settings: NginxSettings): FlavourLines {
  const { check, canary } = settings;
  const page = browserPage(settings, true);
  const isCanary = ({ name }: TwoSlots) => canary?.hosts.includes(name) ?? false;
  return {
    ...stockLines(settings),
    watch: ({ name, members, backups }, hosts) => {
      const [healthPort, ...others] = healthPortsOf(members);
      const parts = [hosts, hosts.filter(isCanary), hosts.filter((host) => !isCanary(host))];
      const lasts =
        name === "all" || (backups.length === 0 && parts.some((part) => isOneSlotOfEach(part, members)));
      // The module supports only one health port in an upstream.
      if (!lasts || others.length > 0) return { failover: true, checks: "" };
      const port = healthPort === undefined ? "" : ` port=${healthPort}`;
      return {
        failover: false,
        checks: `    check interval=${check.intervalMilliseconds} rise=${check.rise} fall=${check.fall} timeout=${check.timeoutMilliseconds} type=http${port};
    check_http_send "GET ${check.path} HTTP/1.0\\r\\n\\r\\n";
    check_http_expect_alive ${check.expect.map((statuses) => `http_${statuses}`).join(" ")};
`,
      };
    },
    server: browserPageLocation(settings, page),
    status: "check_status;",
    files: [page],
  };
}

/** Whether the module can check every slot: all have one health port, or all first slots one and all second ones one. */
export function canCheck(hosts: readonly TwoSlots[]): boolean {
  if (healthPortsOf(hosts.flatMap(slotsOf)).length <= 1) return true;
  const seconds = hosts.flatMap(({ second }) => second ?? []);
  return seconds.length === hosts.length && [hosts, seconds].every((of) => healthPortsOf(of).length === 1);
}

/** The distinct health ports, `undefined` for the application's. */
function healthPortsOf(places: readonly Pick<HostPlace, "healthPort">[]): (number | undefined)[] {
  return [...new Set(places.map(({ healthPort }) => healthPort))];
}

function isOneSlotOfEach(hosts: readonly TwoSlots[], members: readonly HostPlace[]): boolean {
  const isIn = ({ name }: HostPlace) => members.some((member) => member.name === name);
  return hosts.length === members.length && hosts.every((host) => slotsOf(host).filter(isIn).length === 1);
}
