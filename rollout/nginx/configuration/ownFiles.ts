import { extname } from "node:path";
import type { OwnFile } from "../../request/frontDoor/siteFields.ts";
import type { ConfigurationFile } from "../flavours/flavourLines.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { hashedName } from "../servedConfiguration.ts";

/** How nginx names the types of pages. */
const TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".xml": "application/xml",
};

/** The type of a page that the user wrote. */
export function pageType({ path }: OwnFile): string {
  return TYPES[extname(path).toLowerCase()] ?? "text/html; charset=utf-8";
}

/** The user's files that must be next to `nginx.conf`. */
export function ownFiles(settings: NginxSettings): ConfigurationFile[] {
  const { directives, maintenance, errorPages = {} } = settings;
  const pages = [...Object.values(errorPages), ...(typeof maintenance === "object" ? [maintenance] : [])];
  const named = [
    ...pages.map((file) => ({ name: hashedName(file.text, "page"), text: file.text })),
    ...(directives
      ? [{ name: hashedName(directives.text, "conf"), text: directives.text, source: directives.path }]
      : []),
  ];
  return named.filter(({ name }, index) => named.findIndex((other) => other.name === name) === index);
}
