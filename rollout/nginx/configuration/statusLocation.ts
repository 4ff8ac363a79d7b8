import { endpoint } from "../../machine/connections.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import { clientOf, isBehindProxy, realIp } from "./client.ts";
import { CONTROL_ADDRESS } from "./controlServer.ts";
import { pathUnder } from "./pathPrefix.ts";
import { repeatedHeaders } from "./tlsLines.ts";

/** All that the page needs. Any header here also keeps out what a site sets for its own pages, which may forbid that. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

/** `/status` for the people and the monitoring that may read it, on the server of the clients. */
export function statusLocation(settings: NginxSettings): string {
  const { statusAllow, controlPort, pathPrefix, name, flavour } = settings;
  if (statusAllow.length === 0) return "";
  const allowed = statusAllow.map((network) => `    allow ${network};\n`).join("");
  const onlyThey = isByHeader(settings)
    ? `    if ($${ownNames(name)("may_read_status")} = 0) { return 403; }\n`
    : `${realIp(settings)}${allowed}    deny all;\n`;
  const paths = ["/status", "/status/roll", ...(flavour === "njs" ? [] : ["/status/page"])];
  return paths
    .map(
      (path) => `location = ${pathUnder(pathPrefix, path)} {
${onlyThey}    add_header Content-Security-Policy "${POLICY}" always;
${repeatedHeaders(settings, "    ")}    proxy_pass http://${endpoint(CONTROL_ADDRESS, controlPort)}${path};
}
`,
    )
    .join("");
}

/** Who may read it, for the `http` block. */
export function statusMap(settings: NginxSettings): string {
  const { statusAllow, name } = settings;
  if (statusAllow.length === 0 || !isByHeader(settings)) return "";
  return `geo ${clientOf(settings).address} $${ownNames(name)("may_read_status")} {
    default 0;
${statusAllow.map((network) => `    ${network} 1;\n`).join("")}}
`;
}

/** Whether a client's address is not that of the connection even after nginx's realip module. */
function isByHeader(settings: NginxSettings): boolean {
  return isBehindProxy(settings) && settings.forwardedBy === "forwarded";
}
