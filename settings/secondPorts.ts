import { InvalidInput } from "#rollout/common/errors.ts";
import { textOf } from "./reader.ts";

/** What the stack file says about a host; nothing is validated yet. */
type Entry = Readonly<Record<string, unknown>>;

/** The settings of a host's second slot in the stack file. */
export const SECOND_PORTS = ["secondPort", "secondHealthPort"];

const APART = 10_000;
const LAST = 65_535;
/** From here on, Linux gives ports to clients, and one that a client has can't be listened on. */
const CLIENTS = 32_768;

/** Where ports are shared: which machine a host is on, and the ports of each nginx. */
export interface SharedPorts {
  readonly machineOf: (host: Entry) => unknown;
  readonly nginx: readonly { readonly machine: unknown; readonly port: unknown }[];
}

/**
 * Gives each host a second slot at its own address, unless its `secondPort` is 0. By default, the ports are 10,000 higher
 * than the first ones, or lower if clients may have those, or the next ones that the stack file doesn't mention.
 */
export function withSecondPorts(hosts: readonly object[], shared: SharedPorts): object[] {
  const entries = hosts.map((host): Entry => ({ ...host }));
  const taken = new Set(entries.flatMap((entry) => PORTS.map((key) => placeOf(entry, entry[key], shared))));
  const choose = (entry: Entry, first: number): number => {
    let port = first + APART >= CLIENTS ? first - APART : first + APART;
    while (taken.has(placeOf(entry, port, shared)) || isNginx(entry, port, shared)) port = (port % LAST) + 1;
    taken.add(placeOf(entry, port, shared));
    return port;
  };
  return entries.map(({ secondPort, secondHealthPort, ...entry }, index) => {
    const { address, port, healthPort } = entry;
    if (secondHealthPort !== undefined && (secondPort === 0 || healthPort === undefined)) {
      const missing = secondPort === 0 ? "without a second port" : "without healthPort";
      const got = textOf(`hosts[${index}].secondHealthPort`, secondHealthPort);
      throw new InvalidInput(`hosts[${index}].secondHealthPort`, `expected no value ${missing}, got ${got}`);
    }
    // The schema rejects a host whose first ports are no ports.
    if (secondPort === 0 || !isPort(port) || (healthPort !== undefined && !isPort(healthPort))) return entry;
    const own = secondPort ?? choose(entry, port);
    if (healthPort === undefined) return { ...entry, second: { address, port: own } };
    const ofHealth = healthPort === port ? own : choose(entry, healthPort);
    return { ...entry, second: { address, port: own, healthPort: secondHealthPort ?? ofHealth } };
  });
}

const PORTS = ["port", "healthPort", ...SECOND_PORTS];

function placeOf(entry: Entry, port: unknown, { machineOf }: SharedPorts): string {
  return JSON.stringify([machineOf(entry), entry.address, port]);
}

/** nginx may listen on every address of its machine. */
function isNginx(entry: Entry, port: number, { machineOf, nginx }: SharedPorts): boolean {
  return nginx.some((each) => port === each.port && machineOf(entry) === each.machine);
}

function isPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= LAST;
}
