import { InvalidInput } from "#rollout/common/errors.ts";
import type { Reader } from "../reader.ts";
import { readOwnFile } from "./readOwnFile.ts";

const ROTATION = { rotateMegabytes: 100, keep: 5 };

/** The settings of the site; what is not set is absent. They are validated later, with all that nginx serves. */
export async function readSite(reader: Reader): Promise<object> {
  const [balance, errorPages] = [reader.text("balance"), reader.object("errorPages")];
  const [maintenance, directives] = [reader.text("maintenance"), reader.text("directives")];
  return withoutEmpty({
    ...readForwarding(reader),
    accessLog: readAccessLog(reader),
    ledgerPaths: readFlag(reader.text("ledgerPaths")),
    maxBodySize: reader.text("maxBodySize"),
    timeouts: reader.object("timeouts"),
    buffering: reader.object("buffering"),
    gzip: readFlag(reader.text("gzip")),
    largeHeaders: reader.text("largeHeaders"),
    underscoresInHeaders: readFlag(reader.text("underscoresInHeaders")),
    balance: balance === "round-robin" ? "" : balance,
    staticFiles: readStaticFiles(reader),
    errorPages: await readErrorPages(errorPages),
    maintenance: await readMaintenance(maintenance),
    directives: directives === "" ? "" : await readOwnFile("directives", directives),
  });
}

/** How a proxy speaks for clients matters only if there is one. */
function readForwarding(reader: Reader): object {
  const trustedProxies = reader.texts("trustedProxies");
  const forwardedBy = reader.text("forwardedBy");
  if (trustedProxies.length > 0) return { trustedProxies, forwardedBy };
  if (forwardedBy === "x-forwarded" || forwardedBy === "") return {};
  throw new InvalidInput(
    "trustedProxies",
    `expected the networks of your proxies, since forwardedBy is ${forwardedBy}, got none`,
  );
}

/** Docker has the lines of a container, and somebody else's nginx has its own folder for logs. */
function readAccessLog(reader: Reader): object {
  const given: { readonly format?: unknown; readonly path?: unknown } = reader.object("accessLog");
  if (Object.keys(given).length === 0 || given.format === "off") return {};
  if (reader.text("kind") === "docker" && given.path !== undefined) {
    const reason = "expected no value with kind docker, where the log is the container's, got";
    throw new InvalidInput("accessLog.path", `${reason} ${JSON.stringify(given.path)}`);
  }
  if (reader.text("nginxMode") === "include" && given.path === undefined) {
    const example = "such as /var/log/nginx/shop.log, which Debian's logrotate replaces";
    throw new InvalidInput(
      "accessLog.path",
      `expected a path with nginxMode include, ${example}, got nothing`,
    );
  }
  return { ...ROTATION, ...given };
}

/** Other paths may belong to other stacks behind the same nginx. */
function readStaticFiles(reader: Reader): unknown[] {
  const [entries, prefix] = [reader.list("staticFiles"), reader.text("pathPrefix")];
  const index = entries.findIndex(
    (entry) => !String(Object(entry).path).startsWith(prefix.replace(/\/?$/, "/")),
  );
  if (index < 0 || !prefix.startsWith("/")) return entries;
  const path = JSON.stringify(Object(entries[index]).path);
  throw new InvalidInput(`staticFiles[${index}].path`, `expected a path below ${prefix}, got ${path}`);
}

/** `true` is the only flag that changes anything. */
function readFlag(text: string): unknown {
  if (text === "" || text === "false") return "";
  return text === "true" ? true : text;
}

async function readErrorPages(given: object): Promise<object> {
  const pages = Object.entries(given).map(async ([status, path]) => {
    return [status, await readOwnFile(`errorPages.${status}`, path)] as const;
  });
  return Object.fromEntries(await Promise.all(pages));
}

async function readMaintenance(text: string): Promise<unknown> {
  const flag = readFlag(text);
  return typeof flag === "string" && flag !== "" ? readOwnFile("maintenance", flag) : flag;
}

function withoutEmpty(settings: object): object {
  return Object.fromEntries(
    Object.entries(settings).filter(
      ([, value]) => value !== "" && (typeof value !== "object" || Object.keys(value).length > 0),
    ),
  );
}
