import type { NginxSettings } from "../nginxSettings.ts";

/** A row of a `map` that reads an address from `for`, with or without a port; a name or a made-up one is none. */
export const FOR =
  '"~*(?:^|;)[ \\t]*for=\\"?(?:(?<v4>[0-9.]+)|\\[(?<v6>[0-9a-f:.]+)\\])(?::[0-9]+)?\\"?[ \\t]*(?:;|$)" "$v4$v6";';

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
  const networks = trustedProxies.map((network) => `    ${network} 1;\n`).join("");
  const levels = Array.from({ length: DEPTH }, (_, index) => {
    const depth = index + 1;
    const [list, last] = [own("list", depth), own("last", depth)];
    const [address, isTrusted] = [own("for", depth), own("trusted", depth)];
    const deeper = depth < DEPTH ? `    "~^1:." ${own("element", depth + 1)};\n` : "";
    return `map ${list} ${last} { "~(?:^|,)[ \\t]*(?<last>[^,]*)$" $last; }
map ${list} ${own("list", depth + 1)} { "~^(?<list>.*),[^,]*$" $list; }
map ${last} ${address} { ${FOR} }
geo ${address} ${isTrusted} {
    default 0;
${networks}}
map "${isTrusted}:${own("list", depth + 1)}" ${own("element", depth)} {
    default ${last};
${deeper}}
`;
  });
  return {
    maps: `map "${trusted}:$http_forwarded" ${own("list", 1)} { "~^1:(?<list>.*)$" $list; }
${levels.join("")}`,
    element: own("element", 1),
  };
}
