import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { read, refusal, withoutPulumi } from "../../../support/settings.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

withoutPulumi();

/** A folder with files that a stack may name. */
async function filesFolder(): Promise<string> {
  const folder = await temporaryDirectory();
  await mkdir(join(folder, "pages"));
  await writeFile(join(folder, "sorry.html"), "<h1>Sorry</h1>\n");
  await writeFile(join(folder, "binary"), Buffer.from([0xff, 0xfe, 0x00]));
  await writeFile(join(folder, "huge.html"), "x".repeat(256 * 1024 + 1));
  return folder;
}

test("a site that sets nothing only has the common limit of a body", async () => {
  const { nginx } = await read({});
  expect(nginx.maxBodySize).toBe("10m");
  for (const key of [
    "trustedProxies",
    "forwardedBy",
    "accessLog",
    "timeouts",
    "buffering",
    "gzip",
    "ledgerPaths",
  ]) {
    expect(nginx).not.toHaveProperty(key);
  }
  for (const key of ["largeHeaders", "underscoresInHeaders", "balance", "staticFiles", "errorPages"]) {
    expect(nginx).not.toHaveProperty(key);
  }
  expect(nginx).not.toHaveProperty("maintenance");
  expect(nginx).not.toHaveProperty("directives");
});

test("a site gets all that is set, and the files it names", async () => {
  const page = join(await filesFolder(), "sorry.html");
  const file = { path: page, text: "<h1>Sorry</h1>\n" };
  const { nginx } = await read({
    trustedProxies: ["10.0.0.0/8", "2001:db8::/32"],
    forwardedBy: "forwarded",
    accessLog: { format: "json", keep: 9 },
    ledgerPaths: "true",
    maxBodySize: "1G",
    timeouts: { readSeconds: 5 },
    buffering: { off: ["/exports"] },
    gzip: "true",
    largeHeaders: "32k",
    underscoresInHeaders: "true",
    balance: "cookie",
    staticFiles: [{ path: "/assets", folder: "/var/www/shop" }],
    errorPages: { 502: page },
    maintenance: page,
    directives: page,
  });
  expect(nginx).toMatchObject({
    trustedProxies: ["10.0.0.0/8", "2001:db8::/32"],
    forwardedBy: "forwarded",
    accessLog: { format: "json", rotateMegabytes: 100, keep: 9 },
    ledgerPaths: true,
    maxBodySize: "1G",
    timeouts: { readSeconds: 5 },
    buffering: { off: ["/exports"] },
    gzip: true,
    largeHeaders: "32k",
    underscoresInHeaders: true,
    balance: "cookie",
    staticFiles: [{ path: "/assets", folder: "/var/www/shop" }],
    errorPages: { 502: file },
    maintenance: file,
    directives: file,
  });
  expect((await read({ maintenance: "true" })).nginx.maintenance).toBe(true);
  expect((await read({ maintenance: "false", gzip: "false" })).nginx).not.toHaveProperty("maintenance");
  expect((await read({ accessLog: { format: "off" } })).nginx).not.toHaveProperty("accessLog");
});

test("a long read timeout does not make a roll wait longer", async () => {
  const { nginx, rollout } = await read({ timeouts: { readSeconds: 900, websocketIdleSeconds: 7200 } });
  expect([nginx.settleSeconds, rollout.timing.settleSeconds]).toEqual([30, 30]);
});

describe("a wrong setting of the site is rejected with one line that names it", () => {
  const network = "expected an address or a network such as 10.0.0.0/8";
  const path = "expected the start of a path such as /exports";
  const absolute = "expected an absolute path without .. and special characters";
  const errors =
    "expected a status of nginx's own errors (400, 403, 404, 405, 413, 414, 429, 500, 502, 503, 504)";

  test.each<[title: string, settings: Record<string, unknown>, line: string]>([
    [
      "a network that is none",
      { trustedProxies: ["lb.example"] },
      `trustedProxies[0]: ${network}, got "lb.example"`,
    ],
    [
      "a prefix that is too long",
      { trustedProxies: ["10.0.0.0/8", "10.0.0.0/33"] },
      `trustedProxies[1]: ${network}, got "10.0.0.0/33"`,
    ],
    [
      "everyone",
      { trustedProxies: ["0.0.0.0/0"] },
      'trustedProxies[0]: expected the network of a proxy, got "0.0.0.0/0", which is everyone',
    ],
    [
      "everyone in IPv6",
      { trustedProxies: ["::/0"] },
      'trustedProxies[0]: expected the network of a proxy, got "::/0", which is everyone',
    ],
    [
      "an unknown way",
      { trustedProxies: ["10.0.0.1"], forwardedBy: "via" },
      'forwardedBy: expected x-forwarded, forwarded or proxy-protocol, got "via"',
    ],
    [
      "a way without a proxy",
      { forwardedBy: "proxy-protocol" },
      "trustedProxies: expected the networks of your proxies, since forwardedBy is proxy-protocol, got none",
    ],
    [
      "an unknown log format",
      { accessLog: { format: "xml" } },
      'accessLog.format: expected off, combined or json, got "xml"',
    ],
    [
      "a log without a format",
      { accessLog: { keep: 3 } },
      "accessLog.format: expected off, combined or json, got nothing",
    ],
    [
      "a log at a relative path",
      { accessLog: { format: "json", path: "logs/a.log" } },
      `accessLog.path: ${absolute}, got "logs/a.log"`,
    ],
    [
      "a log whose path would be a variable",
      { accessLog: { format: "json", path: "/var/log/$host" } },
      `accessLog.path: ${absolute}, got "/var/log/$host"`,
    ],
    [
      "a log that rotates at nothing",
      { accessLog: { format: "json", rotateMegabytes: 0 } },
      "accessLog.rotateMegabytes: expected 1–100000, got 0",
    ],
    [
      "a log that keeps nothing",
      { accessLog: { format: "json", keep: "0" } },
      'accessLog.keep: expected 1–100, got "0"',
    ],
    [
      "an unknown key of the log",
      { accessLog: { format: "json", level: 3 } },
      "accessLog.level: unknown setting",
    ],
    [
      "a size in words",
      { maxBodySize: "10 MB" },
      'maxBodySize: expected a size such as 10m, or 0 for no limit, got "10 MB"',
    ],
    [
      "a size below zero",
      { maxBodySize: "-1" },
      'maxBodySize: expected a size such as 10m, or 0 for no limit, got "-1"',
    ],
    [
      "a timeout of nothing",
      { timeouts: { readSeconds: 0 } },
      "timeouts.readSeconds: expected 1–86400, got 0",
    ],
    [
      "a connect timeout that Linux doesn't have",
      { timeouts: { connectSeconds: 76 } },
      "timeouts.connectSeconds: expected 1–75, got 76",
    ],
    [
      "a timeout with a unit",
      { timeouts: { sendSeconds: "5s" } },
      'timeouts.sendSeconds: expected 1–86400, got "5s"',
    ],
    ["an unknown timeout", { timeouts: { idleSeconds: 5 } }, "timeouts.idleSeconds: unknown setting"],
    [
      "buffering off without a path",
      { buffering: { off: [] } },
      "buffering.off: expected at least one path, got none",
    ],
    [
      "buffering off for a pattern",
      { buffering: { off: ["/a/{id}"] } },
      `buffering.off[0]: ${path}, got "/a/{id}"`,
    ],
    [
      "buffering off for a path that never arrives",
      { buffering: { off: ["/a/../b"] } },
      `buffering.off[0]: ${path}, got "/a/../b"`,
    ],
    ["gzip as a level", { gzip: "9" }, 'gzip: expected true or false, got "9"'],
    [
      "headers of a gigabyte",
      { largeHeaders: "1g" },
      'largeHeaders: expected 8k to 128k, such as 32k, got "1g"',
    ],
    [
      "headers that are too small",
      { largeHeaders: "4k" },
      'largeHeaders: expected 8k to 128k, such as 32k, got "4k"',
    ],
    ["paths by name", { ledgerPaths: "/orders" }, 'ledgerPaths: expected true or false, got "/orders"'],
    [
      "underscores as a word",
      { underscoresInHeaders: "yes" },
      'underscoresInHeaders: expected true or false, got "yes"',
    ],
    [
      "an unknown balance",
      { balance: "random" },
      'balance: expected round-robin, least-conn, ip-hash or cookie, got "random"',
    ],
    [
      "static files for everything",
      { staticFiles: [{ path: "/", folder: "/www" }] },
      "staticFiles[0].path: expected a path below /, which is the application's",
    ],
    [
      "static files from a relative folder",
      { staticFiles: [{ path: "/a", folder: "www" }] },
      `staticFiles[0].folder: ${absolute}, got "www"`,
    ],
    [
      "static files from a parent folder",
      { staticFiles: [{ path: "/a", folder: "/www/../etc" }] },
      `staticFiles[0].folder: ${absolute}, got "/www/../etc"`,
    ],
    [
      "static files without a folder",
      { staticFiles: [{ path: "/a" }] },
      "staticFiles[0].folder: expected a string, got nothing",
    ],
    [
      "two folders for one path",
      {
        staticFiles: [
          { path: "/a", folder: "/b" },
          { path: "/a/", folder: "/c" },
        ],
      },
      "staticFiles[1].path: expected a unique path, got /a/ as in staticFiles[0]",
    ],
    [
      "static files outside of the stack's paths",
      {
        pathPrefix: "/api",
        staticFiles: [
          { path: "/api/docs", folder: "/a" },
          { path: "/apidocs", folder: "/b" },
        ],
      },
      'staticFiles[1].path: expected a path below /api, got "/apidocs"',
    ],
    [
      "static files in the place of the application",
      { pathPrefix: "/api", staticFiles: [{ path: "/api", folder: "/a" }] },
      'staticFiles[0].path: expected a path below /api, got "/api"',
    ],
    [
      "a log without a place in an nginx that isn't ours",
      { nginxMode: "include", accessLog: { format: "json" } },
      "accessLog.path: expected a path with nginxMode include, such as /var/log/nginx/shop.log, which Debian's logrotate replaces, got nothing",
    ],
    [
      "a log with a place in a container",
      { kind: "docker", accessLog: { format: "json", path: "/var/log/a.log" } },
      'accessLog.path: expected no value with kind docker, where the log is the container\'s, got "/var/log/a.log"',
    ],
  ])("%s", async (_, settings, line) => {
    expect(await refusal(settings)).toBe(`rollgate:${line}. Nothing was changed.`);
  });

  test.each<[title: string, settings: (folder: string) => Record<string, unknown>, line: string]>([
    [
      "a page of an error that nginx doesn't have",
      (at) => ({ errorPages: { 418: `${at}/sorry.html` } }),
      `errorPages.418: ${errors}, got "418"`,
    ],
    [
      "a page of a class",
      (at) => ({ errorPages: { "5xx": `${at}/sorry.html` } }),
      `errorPages.5xx: ${errors}, got "5xx"`,
    ],
    [
      "a page that is missing",
      (at) => ({ errorPages: { 502: `${at}/none.html` } }),
      "errorPages.502: expected a file, found none at FOLDER/none.html",
    ],
    [
      "a page that is a folder",
      (at) => ({ errorPages: { 502: `${at}/pages` } }),
      "errorPages.502: expected a file, found a folder at FOLDER/pages",
    ],
    [
      "a page that is no text",
      (at) => ({ errorPages: { 503: `${at}/binary` } }),
      "errorPages.503: expected a text file in UTF-8, got FOLDER/binary",
    ],
    [
      "a page that is a list",
      () => ({ errorPages: { 502: [] } }),
      "errorPages.502: expected a string, got a list",
    ],
    [
      "a page without an end",
      (at) => ({ errorPages: { 502: `${at}/huge.html` } }),
      "errorPages.502.text: expected a file of at most 256 KiB",
    ],
    [
      "maintenance without its page",
      (at) => ({ maintenance: `${at}/none.html` }),
      "maintenance: expected a file, found none at FOLDER/none.html",
    ],
    [
      "directives that are missing",
      (at) => ({ directives: `${at}/none.conf` }),
      "directives: expected a file, found none at FOLDER/none.conf",
    ],
    [
      "directives that are no text",
      (at) => ({ directives: `${at}/binary` }),
      "directives: expected a text file in UTF-8, got FOLDER/binary",
    ],
  ])("%s", async (_, settings, line) => {
    const folder = await filesFolder();
    expect(await refusal(settings(folder))).toBe(
      `rollgate:${line.replace("FOLDER", folder)}. Nothing was changed.`,
    );
  });
});
