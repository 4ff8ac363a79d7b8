import { escapePattern } from "../../common/escapePattern.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import type { OwnName } from "../ownNames.ts";
import { pathUnder } from "./pathPrefix.ts";

/**
 * `$closed`: whether a request is for a path that clients must not reach. nginx has decoded and normalized `$uri`, but
 * not as the application will: servlet containers drop `;…` from each part of a path, and only then resolve `..`. So
 * after a semicolon, a closed path counts wherever it begins.
 */
export function closedPathsMap(
  { closedPaths, openPaths, pathPrefix }: Pick<NginxSettings, "closedPaths" | "openPaths" | "pathPrefix">,
  own: OwnName,
): string {
  if (closedPaths.length === 0) return "";
  const open = openPaths.map((path) => `    "${pathUnder(pathPrefix, path)}" 0;\n`);
  const closed = closedPaths.map((path) => `    "${patternOf(pathUnder(pathPrefix, path))}" 1;\n`);
  return `# Paths that are not for clients.
map $uri $${own("closed")} {
    default 0;
${open.join("")}${closed.join("")}}
`;
}

/** In the location of all requests, before anything else. */
export function closedReturn({ closedPaths }: Pick<NginxSettings, "closedPaths">, own: OwnName): string {
  return closedPaths.length === 0 ? "" : `    if ($${own("closed")}) { return 404; }\n`;
}

/** `/actuator`, `/ACTUATOR/env`, `/actuator;a=b/env`, `/x/..;/actuator/env`, but not `/actuators`. */
function patternOf(path: string): string {
  const parts = path.split("/").filter(Boolean).map(escapePattern);
  return `~*(?s)^(?:|.*;.*)/+${parts.join("(?:;[^/]*)?/+")}(?:[/;.]|$)`;
}
