import { join } from "node:path";
import type { NginxSettings } from "../nginxSettings.ts";
import { captured } from "../ownNames.ts";
import { clientOf } from "./client.ts";

type Site = Pick<
  NginxSettings,
  "name" | "directory" | "accessLog" | "accessLogFile" | "trustedProxies" | "forwardedBy" | "isProbe"
>;

/** The folder, in nginx's own, whose links say which release answers at an address. */
export const SERVING = "serving";

/** The file of the access log, or where else its lines go. */
export function accessLogFile({ directory, accessLog, accessLogFile }: Site): string {
  return accessLog?.path ?? accessLogFile ?? join(directory, "logs", "access.log");
}

/** For the `http` block. */
export function accessLogFormat(settings: Site): string {
  const { name, accessLog } = settings;
  const { address } = clientOf(settings);
  if (!accessLog) return "";
  if (accessLog.format === "combined") {
    return `log_format ${name} '${address} - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
`;
  }
  return `${releaseMaps(name)}${requestIdMap(settings)}    # Without the query, which may be secret.
map $request_uri $${name}_path {
    "~^(?<${captured(name)}>[^?]*)" $${captured(name)};
}
map $upstream_response_time $${name}_upstream_time {
    default null;
    "~(?<${captured(name)}>[0-9.]+)$" $${captured(name)};
}
map $upstream_status $${name}_upstream_status {
    default null;
    "~(?<${captured(name)}>[0-9]+)$" $${captured(name)};
}
log_format ${name} escape=json '{${fieldsOf(settings)
    .map(([key, value]) => `"${key}":${value}`)
    .join(",")}}';
`;
}

function fieldsOf(settings: Site): [string, string][] {
  const { name } = settings;
  const { address, scheme, host } = clientOf(settings);
  return [
    ["time", '"$time_iso8601"'],
    ["id", `"$${name}_request_id"`],
    ["client", `"${address}"`],
    ["scheme", `"${scheme}"`],
    ["host", `"${host}"`],
    ["method", '"$request_method"'],
    ["path", `"$${name}_path"`],
    ["protocol", '"$server_protocol"'],
    ["status", "$status"],
    ["bytes", "$body_bytes_sent"],
    ["seconds", "$request_time"],
    ["upstream", '"$upstream_addr"'],
    ["upstreamStatus", `$${name}_upstream_status`],
    ["upstreamSeconds", `$${name}_upstream_time`],
    ["release", `"$${name}_release"`],
    ["agent", '"$http_user_agent"'],
  ];
}

/** For a `server` or a `location`; a pipe gets each line at once, as the lines of two workers could mix in it. */
export function accessLogLine(settings: Site, indent = "    "): string {
  if (!settings.accessLog || settings.isProbe) return "";
  const file = accessLogFile(settings);
  const buffer = file.startsWith("/dev/") ? "" : " buffer=32k flush=1s";
  return `${indent}access_log "${file}" ${settings.name}${buffer};\n`;
}

/** Lets `$realpath_root` be the folder named after the release that answered, for a `server` or a `location`. */
export function releaseRoot({ name, directory, accessLog }: Site): string {
  if (accessLog?.format !== "json") return "";
  return `    root "${join(directory, SERVING)}/$${name}_answered";\n`;
}

/** The application gets the identifier that the log has. */
export function requestIdHeader({ name, accessLog }: Site): [string, string][] {
  return accessLog?.format === "json" ? [["X-Request-ID", `$${name}_request_id`]] : [];
}

function releaseMaps(name: string): string {
  return `# The last host that was asked.
map $upstream_addr $${name}_answered {
    default "";
    "~(?:^|[ ,])(?<${captured(name)}>(?:\\[[0-9a-f:.]+\\]|[0-9.]+):[0-9]+)$" $${captured(name)};
}
# A link of the rollout leads from there to its release, so that a roll needs no reload.
map $realpath_root $${name}_linked {
    default "";
    "~/_/(?<${captured(name)}>[^/]+)$" $${captured(name)};
}
map $${name}_answered $${name}_release {
    default $${name}_linked;
    "" "";
}
`;
}

/** An identifier may come from a proxy that is trusted. */
function requestIdMap(settings: Site): string {
  const variable = `$${settings.name}_request_id`;
  if (!settings.trustedProxies?.length) return `map "" ${variable} { default $request_id; }\n`;
  return `map "$${settings.name}_trusted:$http_x_request_id" ${variable} {
    default $request_id;
    "~^1:(?<${captured(settings.name)}>[A-Za-z0-9._=+/-]{1,128})$" $${captured(settings.name)};
}
`;
}
