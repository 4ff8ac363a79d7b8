import type { NginxSettings } from "../nginxSettings.ts";

/** `text/html` is always among them. Event streams are not, since compressing them holds them back. */
const TYPES = [
  "application/javascript",
  "application/json",
  "application/manifest+json",
  "application/problem+json",
  "application/rss+xml",
  "application/vnd.api+json",
  "application/vnd.spring-boot.actuator.v3+json",
  "application/wasm",
  "application/xhtml+xml",
  "application/xml",
  "font/otf",
  "font/ttf",
  "image/svg+xml",
  "text/css",
  "text/csv",
  "text/javascript",
  "text/markdown",
  "text/plain",
  "text/xml",
];

/** Compresses answers, for a location. */
export function gzipLines({ gzip }: Pick<NginxSettings, "gzip">): string {
  if (!gzip) return "";
  return [
    "gzip on;",
    "gzip_vary on;",
    // Also for clients behind another proxy.
    "gzip_proxied any;",
    "gzip_min_length 1024;",
    `gzip_types ${TYPES.join(" ")};`,
  ]
    .map((line) => `    ${line}\n`)
    .join("");
}
