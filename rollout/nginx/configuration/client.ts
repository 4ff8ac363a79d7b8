import type { NginxSettings } from "../nginxSettings.ts";
import { captured } from "../ownNames.ts";
import { forRow, forwardedElements } from "./forwardedElements.ts";

type Site = Pick<NginxSettings, "name" | "trustedProxies" | "forwardedBy"> &
  Partial<Pick<NginxSettings, "isProbe" | "tls">>;
type NamedSite = Site & Pick<NginxSettings, "address" | "port" | "serverNames">;

/** nginx's variables with what is known about a client. */
export interface ClientVariables {
  readonly address: string;
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

/** Whether other proxies may speak for clients. */
export function isBehindProxy({ trustedProxies = [] }: Pick<Site, "trustedProxies">): boolean {
  return trustedProxies.length > 0;
}

/** Who asked, by the word of trusted proxies, or else by the connection. */
export function clientOf(settings: Site): ClientVariables {
  const { name, forwardedBy } = settings;
  const own = (variable: string) => `$${name}_client_${variable}`;
  if (settings.isProbe) return probe(settings, own("port"));
  if (!isBehindProxy(settings)) {
    return { address: "$remote_addr", scheme: "$scheme", host: "$http_host", port: own("port") };
  }
  return {
    // nginx's realip module replaces the address of the connection, except by the header Forwarded.
    address: forwardedBy === "forwarded" ? own("address") : "$remote_addr",
    scheme: own("scheme"),
    host: own("host"),
    port: own("port"),
  };
}

/** A request of the rollout looks to the application as if a client had sent it, but it comes from this machine. */
function probe({ tls }: Site, portByHost: string): ClientVariables {
  const [scheme, port] = tls ? ["https", String(tls.publicPort)] : ["http", portByHost];
  return { address: "$remote_addr", scheme, host: "$http_host", port };
}

/** Sets the variables of `clientOf`, for the `http` block. */
export function clientMaps(settings: NamedSite): string {
  const { name, trustedProxies = [], forwardedBy = "x-forwarded" } = settings;
  const { scheme, host, port } = clientOf(settings);
  if (!isBehindProxy(settings)) return portMap(settings, { scheme, host, port, claimed: '""' });
  const trusted = `$${name}_trusted`;
  return `# Whether the connection comes from a proxy that may speak for clients.
geo $realip_remote_addr ${trusted} {
    default 0;
${trustedProxies.map((network) => `    ${network} 1;\n`).join("")}}
${BY[forwardedBy](settings, trusted)}`;
}

/** Replaces the address of a connection by that of the client, for a `server` or a `location`. */
export function realIp({ trustedProxies = [], forwardedBy }: Site, indent = "    "): string {
  if (trustedProxies.length === 0 || forwardedBy === "forwarded") return "";
  const header = forwardedBy === "proxy-protocol" ? "proxy_protocol" : "X-Forwarded-For";
  return [
    ...trustedProxies.map((network) => `set_real_ip_from ${network};`),
    `real_ip_header ${header};`,
    "real_ip_recursive on;",
  ]
    .map((line) => `${indent}${line}\n`)
    .join("");
}

type Maps = (settings: NamedSite, trusted: string) => string;

/** The last element of a list is what the proxy in front of nginx added; the others may come from a client. */
const LAST = "(?:.*,)?[ \\t]*";

const byXForwarded: Maps = (settings, trusted) => {
  const { scheme, host, port } = clientOf(settings);
  const got = captured(settings.name);
  return `map "${trusted}:$http_x_forwarded_proto" ${scheme} {
    default $scheme;
    "~*^1:${LAST}https[ \\t]*$" https;
    "~*^1:${LAST}http[ \\t]*$" http;
}
map "${trusted}:$http_x_forwarded_host" ${host} {
    default $http_host;
    "~^1:${LAST}(?<${got}>[A-Za-z0-9._:\\[\\]-]+)[ \\t]*$" $${got};
}
${portMap(settings, { scheme, host, port, claimed: `"${trusted}:$http_x_forwarded_port"` })}`;
};

const byForwarded: Maps = (settings, trusted) => {
  const { address, scheme, host, port } = clientOf(settings);
  const got = captured(settings.name);
  const { maps, element } = forwardedElements(settings, trusted);
  return `${maps}    map ${element} ${address} {
    default $remote_addr;
    ${forRow(got)}
}
map ${element} ${scheme} {
    default $scheme;
    "~*(?:^|;)[ \\t]*proto=\\"?https\\"?(?:[ \\t]*;|$)" https;
    "~*(?:^|;)[ \\t]*proto=\\"?http\\"?(?:[ \\t]*;|$)" http;
}
map ${element} ${host} {
    default $http_host;
    "~*(?:^|;)[ \\t]*host=\\"?(?<${got}>[A-Za-z0-9._:\\[\\]-]+)\\"?(?:[ \\t]*;|$)" $${got};
}
${portMap(settings, { scheme, host, port, claimed: '""' })}`;
};

/** The protocol has the port that the client connected to, and no scheme. */
const byProxyProtocol: Maps = (settings, trusted) => {
  const { scheme, host, port } = clientOf(settings);
  return `map "${trusted}:$proxy_protocol_server_port" ${scheme} {
    default $scheme;
    "1:443" https;
}
map "" ${host} {
    default $http_host;
}
${portMap(settings, { scheme, host, port, claimed: `"${trusted}:$proxy_protocol_server_port"` })}`;
};

const BY = { "x-forwarded": byXForwarded, forwarded: byForwarded, "proxy-protocol": byProxyProtocol };

/** The port the client uses; in a container, nginx listens on another one than the published one. */
function portMap(
  site: NamedSite,
  { scheme, host, port, claimed }: Omit<ClientVariables, "address"> & { claimed: string },
): string {
  const got = captured(site.name);
  const last = claimed === '""' ? "" : `    "~^1:${LAST}(?<${got}>[0-9]{1,5})[ \\t]*$" $${got};\n`;
  const byHost = last === "" ? port : `${port}_by_host`;
  return `map ${host} ${byHost} {
    default ${port}_by_scheme;
${expectedHosts(site, `${port}_by_scheme`)}    "~:(?<${got}>[0-9]{1,5})$" $${got};
}
map ${scheme} ${port}_by_scheme {
    default 80;
    https   443;
}
${last === "" ? "" : `map ${claimed} ${port} {\n    default ${byHost};\n${last}    }\n`}`;
}

/** What nginx's table of a map holds by default where a line of the processor's cache has 64 bytes. */
const LONGEST_KEY = 46;

/** How clients name this nginx most of the time, which is found without an expression. */
function expectedHosts({ address, port, serverNames }: NamedSite, portByScheme: string): string {
  const names = new Set([address, "localhost", ...serverNames]);
  return [...names]
    .filter((name) => /^[a-z0-9][a-z0-9.-]*$/.test(name) && `${name}:${port}`.length <= LONGEST_KEY)
    .map((name) => `    "${name}" ${portByScheme};\n    "${name}:${port}" ${port};\n`)
    .join("");
}
