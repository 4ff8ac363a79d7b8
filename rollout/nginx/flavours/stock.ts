import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import { browserPage, browserPageLocation } from "./browserPage.ts";
import type { FlavourLines } from "./flavourLines.ts";

/** No active checks: nginx's passive failover takes a host out for a moment after a few failures. */
export function stockLines(settings: NginxSettings): FlavourLines {
  const own = ownNames(settings.name);
  const page = browserPage(settings, false);
  return {
    main: "",
    http: "",
    watch: () => ({ failover: true, checks: "" }),
    out: "drained",
    pool: "drained_pool",
    outage: "no host takes traffic",
    server: browserPageLocation(settings, page),
    // For browsers; whoever asked before there was a page gets what it got then.
    status: `set $${own("asked")} "$args:$http_accept";
        if ($${own("asked")} ~ "^:.*text/html") { rewrite ^ /status/page last; }
        default_type application/json;
        return 200 '{"checks":"none","drained":"$${own("names")}"}\\n';`,
    files: [page],
  };
}
