/** The locations of everything under a path, which other locations with regular expressions don't take over. */
export function locationsUnder(pathPrefix: string): string[] {
  if (pathPrefix === "/") return ["location /"];
  return [`location = ${pathPrefix}`, `location ^~ ${pathPrefix}/`];
}

/** A path below the prefix, unless it starts with the prefix already. */
export function pathUnder(pathPrefix: string, path: string): string {
  return pathPrefix === "/" || `${path}/`.startsWith(`${pathPrefix}/`) ? path : `${pathPrefix}${path}`;
}

/** For a server block of ours in which no location of this stack is for `/`: nginx has no folder to serve. */
export function nothingElse(pathPrefix: string): string {
  if (pathPrefix === "/") return "";
  return `# Nothing is served here that is not under the prefix.
root /nonexistent;
log_not_found off;
`;
}
