import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { firstNameOf } from "#rollout/host/slots.ts";
import type { ShownState } from "#rollout/status/shownState.ts";

const FOLDER = join(import.meta.dirname, "../../rollout/nginx/njs");
const NAMES = ["checks", "status", "roll", "slots", "metrics", "page", "style"];
const SOURCES = NAMES.map((name) => readFileSync(join(FOLDER, `${name}.js`), "utf8")).join("\n");

/** What nginx knows about a slot. */
export interface KnownSlot {
  readonly host: string;
  readonly up: boolean;
  readonly drained: boolean;
}

/** What nginx's script makes of these slots and of what a roll has left, in Node instead of nginx. */
export function statusPage(
  slots: readonly KnownSlot[],
  left: ShownState | string | undefined,
  { format, ageMilliseconds = 0 }: { readonly format?: string; readonly ageMilliseconds?: number } = {},
): string {
  const text = typeof left === "object" ? JSON.stringify(left) : left;
  const answer = { body: "" };
  const states = Object.fromEntries(
    slots.map(({ host, up }) => {
      const state = { up, rise: up ? 57 : 0, fall: up ? 0 : 9, at: Date.now() - 900, took: 3 };
      return [host, JSON.stringify({ ...state, result: up ? "200" : "no answer" })];
    }),
  );
  const fs = {
    readFileSync: () => {
      if (text === undefined) throw new Error("ENOENT");
      return text;
    },
    statSync: () => ({ mtimeMs: Date.now() - ageMilliseconds }),
  };
  const hosts = slots.map(({ host }, index) => ({
    name: host,
    host: firstNameOf(host),
    address: `10.0.0.${index + 11}:8080`,
    key: host,
  }));
  const r = {
    args: { format },
    variables: {
      shop_drained: slots.map(({ drained }) => (drained ? "1" : "0")).join(""),
      shop_fingerprint: "8f2c0d5e6a71b394",
    },
    headersOut: {},
    return: (_: number, body: string) => {
      answer.body = body;
    },
  };
  const ngx = { shared: { shop: { get: (key: string) => states[key] ?? "1" } } };
  const script = `${SOURCES}\nstatus(r);`;
  runInNewContext(script, { ID: "id", STACK: "shop", settings: () => ({ hosts }), fs, ngx, r });
  return answer.body;
}
