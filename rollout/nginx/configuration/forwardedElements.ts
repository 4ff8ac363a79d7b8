import type { NginxSettings } from "../nginxSettings.ts";
import { captured } from "../ownNames.ts";

/** A row of a `map` that reads an address from `for`, with or without a port; a name or a made-up one is none. */
export function forRow(got: string): string {
  const address = `(?|(?<${got}>[0-9.]+)|\\[(?<${got}>[0-9a-f:.]+)\\])`;
  return `"~*(?:^|;)[ \\t]*for=\\"?${address}(?::[0-9]+)?\\"?[ \\t]*(?:;|$)" $${got};`;
}

/** As many trusted proxies in a row are looked through. */
const DEPTH = 5;

/**
 * Finds the element of the header `Forwarded` that speaks of the client: the last one, or, as long as that one speaks of
 * a trusted proxy, the one before. `trusted` says whether the connection is from a trusted proxy.
 */
export function forwardedElements(
  { name, trustedProxies = [] }: Pick<NginxSettings, "name" | "trustedProxies">,
  trusted: string,
): { readonly maps: string; readonly element: string } {
  const own = (variable: string, depth: number) => `$${name}_forwarded_${variable}_${depth}`;
  const got = captured(name);
  const networks = trustedProxies.map((network) => `    ${network} 1;\n`).join("");
  const levels = Array.from({ length: DEPTH }, (_, index) => {
    const depth = index + 1;
    const [list, last] = [own("list", depth), own("last", depth)];
    const [address, isTrusted] = [own("for", depth), own("trusted", depth)];
    const deeper = depth < DEPTH ? `    "~^1:." ${own("element", depth + 1)};\n` : "";
    return `map ${list} ${last} { "~(?:^|,)[ \\t]*(?<${got}>[^,]*)$" $${got}; }
map ${list} ${own("list", depth + 1)} { "~^(?<${got}>.*),[^,]*$" $${got}; }
map ${last} ${address} { ${forRow(got)} }
geo ${address} ${isTrusted} {
    default 0;
${networks}}
map "${isTrusted}:${own("list", depth + 1)}" ${own("element", depth)} {
    default ${last};
${deeper}}
`;
  });
  return {
    maps: `map "${trusted}:$http_forwarded" ${own("list", 1)} { "~^1:(?<${got}>.*)$" $${got}; }
${levels.join("")}`,
    element: own("element", 1),
  };
}
