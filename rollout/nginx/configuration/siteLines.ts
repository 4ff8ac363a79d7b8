import type { NginxSettings } from "../nginxSettings.ts";
import { hashedName } from "../servedConfiguration.ts";
import { accessLogLine } from "./accessLog.ts";
import { realIp } from "./client.ts";
import { fileIn } from "./fileIn.ts";
import { gzipLines } from "./gzip.ts";
import { errorPageLines } from "./pages.ts";

/** How many of the longest lines the headers of a request may have. */
const HEADER_LINES = 8;

/** What holds for the whole site, for each of its locations: a server block of others may say otherwise. */
export function siteLines(settings: NginxSettings): string {
  return `${realIp(settings)}${accessLogLine(settings)}${gzipLines(settings)}${errorPageLines(settings)}`;
}

/** What only a server block of ours has: it also answers requests that reach no location. */
export function ownServerLines(settings: NginxSettings): string {
  const { largeHeaders, underscoresInHeaders } = settings;
  const large = `large_client_header_buffers ${HEADER_LINES} ${largeHeaders};\n`;
  return `${realIp(settings, "")}${accessLogLine(settings, "")}${errorPageLines(settings, "")}${largeHeaders === undefined ? "" : large}${
    underscoresInHeaders ? "underscores_in_headers on;\n" : ""
  }`;
}

/** The user's own directives, at the end of our server block. */
export function ownDirectives({ directory, directives }: NginxSettings): string {
  return directives ? `include ${fileIn(directory, hashedName(directives.text, "conf"))};\n` : "";
}
