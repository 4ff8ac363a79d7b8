import { InvalidInput } from "#rollout/common/errors.ts";
import { unknownSetting } from "#rollout/common/unknownSetting.ts";
import { show } from "#rollout/request/fields.ts";
import type { Reader } from "./reader.ts";

/** One of `nginxServers`; nothing is validated yet. */
export type NginxServerEntry = Readonly<Record<string, unknown>>;

/** The entries of `nginxServers`, which have these keys at most, and at least the first one. */
export function readNginxServers(
  reader: Reader,
  [key, ...more]: readonly [string, ...string[]],
): NginxServerEntry[] {
  const example = key === "server" ? "{ server: deploy@web-1.example.com }" : "{ port: 8090 }";
  return reader.list("nginxServers").map((entry, index) => {
    const setting = `nginxServers[${index}]`;
    if (typeof entry !== "object" || entry === null || Array.isArray(entry))
      throw new InvalidInput(setting, `expected an object such as ${example}, got ${show(entry)}`);
    const given: NginxServerEntry = { ...entry };
    const unknown = Object.keys(given).find((each) => each !== key && !more.includes(each));
    if (unknown !== undefined)
      throw new InvalidInput(`${setting}.${unknown}`, unknownSetting(unknown, [key, ...more]));
    if (given[key] === undefined)
      throw new InvalidInput(`${setting}.${key}`, `expected a ${key}, got nothing`);
    return given;
  });
}

/** Which nginx a path in the request is about, and which of its settings. */
export function nginxOf(
  property: string,
): { readonly index: number; readonly member: string | undefined } | undefined {
  const [, index, member] = /^proxies\[(\d+)\](?:\.(\w+))?$/.exec(property) ?? [];
  return index === undefined ? undefined : { index: Number(index), member };
}

/** Rejects several nginx on one machine that are not ours: their files are in one place. */
export function refuseOthersOfForeign(reader: Reader, others: readonly unknown[]): void {
  if (others.length === 0 || reader.text("nginxMode") !== "include") return;
  throw new InvalidInput(
    "nginxServers",
    "expected none with nginxMode include, whose nginx is the only one of its machine",
  );
}
