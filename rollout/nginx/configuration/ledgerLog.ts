import { join } from "node:path";
import type { NginxSettings } from "../nginxSettings.ts";
import { captured, ownNames } from "../ownNames.ts";
import { accessLogLine } from "./accessLog.ts";
import { fileIn } from "./fileIn.ts";

/** The flag, next to those that drain slots, during which nginx writes a line about each request. */
export const LEDGER_FLAG = "_ledger";

/** The file of these lines, in nginx's folder: in one that its workers can write everywhere. */
export const LEDGER_FILE = join("logs", "ledger.log");

/**
 * A script for nginx's folder: makes the file before nginx does, so that whoever owns the folder can empty it. Under systemd
 * the folder is the service's, and its file can be read only.
 */
export const MAKE_LEDGER = `[ -e ${LEDGER_FILE} ] || (umask 027; : > ${LEDGER_FILE}) 2>/dev/null || :`;

/** Short, because a roll ends with a wait for it. */
export const FLUSH_MILLISECONDS = 50;

/** What a line consists of; `sum-ledger.sh` reads it. Behind these fields, a mark tells a line that is complete, and the path may come before it. */
const FIELDS = [
  "$msec",
  "$upstream_addr",
  "$status",
  "$upstream_status",
  "$request_time",
  "$upstream_header_time",
  "$upstream_response_time",
  "$upstream_bytes_received",
  "$request_method",
  "$bytes_sent",
  "$request_completion",
];

const LONGEST_PATH = 200;

/** No client's request gets the second one, since it depends on where nginx listens. */
const [MARK, MARK_OF_PROBE] = [";", "p;"];

/** Whether nginx can write them: a line of ours would replace an access log that we don't know. */
export function hasLedger({ isForeign, accessLog }: Pick<NginxSettings, "isForeign" | "accessLog">): boolean {
  return !isForeign || accessLog !== undefined;
}

/** For the `http` block. Nothing in it tells who asked for what, unless the settings ask for paths. */
export function ledgerFormat(settings: NginxSettings): string {
  if (!hasLedger(settings)) return "";
  const own = ownNames(settings.name);
  const path = `$${own("ledger_path")}`;
  const format = (name: string, ...more: readonly string[]) =>
    `log_format ${own(name)} '${[...FIELDS, ...more].join("|")}';\n`;
  const clients = settings.ledgerPaths
    ? `${pathMap(settings, path)}${format("ledger", path, MARK)}`
    : format("ledger", MARK);
  return `${clients}${settings.probes ? format("probe_ledger", MARK_OF_PROBE) : ""}`;
}

/** A path ends where its query begins, or the next field would. */
function pathMap({ name }: NginxSettings, path: string): string {
  return `map $request_uri ${path} {
    default "";
    "~^(?<${captured(name)}>/[^?|]{0,${LONGEST_PATH - 1}})" $${captured(name)};
}
`;
}

/** Before how long nginx writes a line, as it says itself: one that was set up earlier takes longer, and does not say so. */
const FLUSHED = "flushed:";
const FLUSH_MILLISECONDS_BEFORE = 200;

/** How long nginx may take to write a line, by its answer to the rollout. */
export function flushMilliseconds(words: readonly string[]): number {
  const said = words.find((word) => word.startsWith(FLUSHED))?.slice(FLUSHED.length);
  return Number(said) || FLUSH_MILLISECONDS_BEFORE;
}

/** What nginx says of itself if it can tell the rollout's requests from those of clients. */
export const TAKES_PROBES = "probes";

/** For the rollout, to which nginx tells that it writes them: one that was set up before there were any does not. */
export function ledgerLocation(settings: NginxSettings): string {
  if (!hasLedger(settings)) return "";
  return `    location = /rollgate/ledger {
        return 200 "ledger ${FLUSHED}${FLUSH_MILLISECONDS}${settings.probes ? ` ${TAKES_PROBES}` : ""}";
    }
`;
}

/** In the location of all requests, once it looks at flags. */
export function ledgerLines(settings: NginxSettings): string {
  if (!hasLedger(settings)) return "";
  const variable = `$${ownNames(settings.name)("ledger")}`;
  return `    set ${variable} "";
    if (-f ${fileIn(settings.directory, join("drained", LEDGER_FLAG))}) { set ${variable} 1; }
`;
}

/** Beside the access log, for a location that requests get to after those lines; nginx may have answered before them. */
export function ledgerLogIfRaised(settings: NginxSettings): string {
  if (!hasLedger(settings)) return "";
  return `${ledgerLog(settings, ` if=$${ownNames(settings.name)("ledger")}`)}    uninitialized_variable_warn off;\n`;
}

/** The logs of a request whose flags are known by their sum; they replace those of the location. */
export function logsOfShortcut(settings: NginxSettings, isRaised: boolean): string {
  if (!hasLedger(settings)) return "";
  const own = ownNames(settings.name);
  // An error page is in a location of its own.
  const ledger = isRaised ? `${ledgerLog(settings)}    set $${own("ledger")} 1;\n` : "";
  const logs = `${accessLogLine(settings)}${ledger}` || "    access_log off;\n";
  return logs.replaceAll(/^(?=.)/gm, "    ");
}

function ledgerLog({ directory, name, isProbe }: NginxSettings, condition = ""): string {
  const file = fileIn(directory, LEDGER_FILE);
  const buffer = `buffer=64k flush=${FLUSH_MILLISECONDS}ms`;
  return `    access_log ${file} ${ownNames(name)(isProbe ? "probe_ledger" : "ledger")} ${buffer}${condition};\n`;
}
