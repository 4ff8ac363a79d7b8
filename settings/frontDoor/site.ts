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
    accessLog: readAccessLog(reader.object("accessLog")),
    maxBodySize: reader.text("maxBodySize"),
    timeouts: reader.object("timeouts"),
    buffering: reader.object("buffering"),
    gzip: readFlag(reader.text("gzip")),
    largeHeaders: reader.text("largeHeaders"),
    underscoresInHeaders: readFlag(reader.text("underscoresInHeaders")),
    balance: balance === "round-robin" ? "" : balance,
    staticFiles: reader.list("staticFiles"),
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

function readAccessLog(given: { readonly format?: unknown }): object {
  if (Object.keys(given).length === 0 || given.format === "off") return {};
  return { ...ROTATION, ...given };
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
