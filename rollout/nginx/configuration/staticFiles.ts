import type { NginxSettings } from "../nginxSettings.ts";
import { ledgerLogIfRaised } from "./ledgerLog.ts";
import { siteLines } from "./siteLines.ts";

/** For folders that nginx serves itself; most nginx have a longer list, but where it is differs. */
const TYPES = {
  "text/html": "html htm",
  "text/css": "css",
  "text/plain": "txt",
  "text/markdown": "md",
  "text/csv": "csv",
  "text/xml": "xml",
  "text/javascript": "js mjs",
  "application/json": "json map",
  "application/manifest+json": "webmanifest",
  "application/pdf": "pdf",
  "application/wasm": "wasm",
  "application/zip": "zip",
  "image/avif": "avif",
  "image/gif": "gif",
  "image/jpeg": "jpeg jpg",
  "image/png": "png",
  "image/svg+xml": "svg svgz",
  "image/webp": "webp",
  "image/x-icon": "ico",
  "font/otf": "otf",
  "font/ttf": "ttf",
  "font/woff": "woff",
  "font/woff2": "woff2",
  "audio/mpeg": "mp3",
  "video/mp4": "mp4",
  "video/webm": "webm",
};

/** The locations of the user's folders. */
export function staticLocations(settings: NginxSettings): string {
  const { staticFiles = [] } = settings;
  const types = Object.entries(TYPES)
    .map(([type, endings]) => `        ${type} ${endings};\n`)
    .join("");
  return staticFiles
    .map(
      ({ path, folder }) => `location ^~ ${path.replace(/\/$/, "")}/ {
    alias "${folder.replace(/\/$/, "")}/";
    types {
${types}    }
    default_type application/octet-stream;
    charset utf-8;
    charset_types text/css text/plain text/markdown text/csv text/xml text/javascript application/json;
${siteLines(settings)}${ledgerLogIfRaised(settings)}}
`,
    )
    .join("");
}
