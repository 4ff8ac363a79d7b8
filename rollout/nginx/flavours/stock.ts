import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import type { FlavourLines } from "./flavourLines.ts";

/** No active checks: nginx's passive failover takes a host out for a moment after a few failures. */
export function stockLines({ name }: Pick<NginxSettings, "name">): FlavourLines {
  const own = ownNames(name);
  return {
    main: "",
    http: "",
    watch: () => ({ failover: true, checks: "" }),
    out: "drained",
    pool: "drained_pool",
    outage: "no host takes traffic",
    server: "",
    status: `default_type application/json;
        return 200 '{"checks":"none","drained":"$${own("names")}"}\\n';`,
    files: [],
  };
}
