import { join } from "node:path";
import type { OwnFile } from "../../request/frontDoor/siteFields.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { hashedName } from "../servedConfiguration.ts";
import { accessLogLine } from "./accessLog.ts";
import { ledgerLogIfRaised } from "./ledgerLog.ts";
import { pageType } from "./ownFiles.ts";
import { repeatedHeaders } from "./tlsLines.ts";

type Site = Pick<NginxSettings, "name" | "directory" | "tls" | "errorPages" | "maintenance">;

/** When clients may come again, by why they were sent away. */
const RETRY_SECONDS = { outage: 5, maintenance: 120 };

/** For a location or a server: the pages of nginx's own errors, which the application's answers never meet. */
export function errorPageLines(settings: Site, indent = "    "): string {
  const statuses = Object.keys(settings.errorPages ?? {});
  if (statuses.length === 0) return "";
  const pages = statuses.map((status) => `error_page ${status} ${pageUri(settings, status)}`);
  // nginx's own number for a header that is too long.
  const tooLong = statuses.includes("400") ? [`error_page 494 =400 ${pageUri(settings, "400")}`] : [];
  // A request may have been sent on to another location by `error_page` already.
  return ["recursive_error_pages on", ...pages, ...tooLong].map((line) => `${indent}${line};\n`).join("");
}

/** The locations of the pages; no client reaches them. */
export function pageLocations(settings: NginxSettings): string {
  const { errorPages = {}, maintenance } = settings;
  const pages = Object.entries(errorPages).map(([status, file]) => {
    return pageLocation(settings, status, file, status === "503" ? RETRY_SECONDS.outage : undefined);
  });
  if (typeof maintenance !== "object") return pages.join("");
  return `${pages.join("")}${pageLocation(settings, "maintenance", maintenance, RETRY_SECONDS.maintenance)}`;
}

/** In the application's location, before anything else: nobody gets further. */
export function maintenanceLines(settings: Site): string {
  const { maintenance } = settings;
  if (maintenance === undefined) return "";
  const lines =
    maintenance === true
      ? [
          "default_type text/plain;",
          `add_header Retry-After ${RETRY_SECONDS.maintenance} always;`,
          ...repeatedHeaders(settings, "").split("\n").filter(Boolean),
          'return 503 "down for maintenance\\n";',
        ]
      : [`error_page 503 ${pageUri(settings, "maintenance")};`, "return 503;"];
  return lines.map((line) => `    ${line}\n`).join("");
}

/** In the application's location, if no host takes a request; `outage` is what nginx says without a page. */
export function outageLines(settings: Site, outage: string): string {
  const { errorPages } = settings;
  if (errorPages?.["503"]) return `        return 503;\n`;
  return `        add_header Retry-After ${RETRY_SECONDS.outage} always;
${repeatedHeaders(settings, "        ")}        return 503 "${outage}\\n";
`;
}

function pageUri({ name }: Site, page: string): string {
  return `/.${name}/${page}`;
}

function pageLocation(settings: NginxSettings, page: string, file: OwnFile, retrySeconds?: number): string {
  const retry =
    retrySeconds === undefined
      ? ""
      : `    add_header Retry-After ${retrySeconds} always;\n${repeatedHeaders(settings, "    ")}`;
  const ledger = ledgerLogIfRaised(settings);
  const logs = ledger && `${accessLogLine(settings)}${ledger}`;
  return `location = ${pageUri(settings, page)} {
    internal;
${logs}    alias "${join(settings.directory, hashedName(file.text, "page"))}";
    types {}
    default_type "${pageType(file)}";
${retry}}
`;
}
