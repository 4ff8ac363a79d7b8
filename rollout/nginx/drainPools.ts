/** A host in an upstream. */
export interface PoolMember {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The port of its health endpoint, if not `port`. */
  readonly healthPort?: number;
}

/** An upstream without some of the hosts. */
export interface DrainPool {
  readonly name: string;
  readonly without: readonly string[];
  readonly members: readonly PoolMember[];
}

const MAX_POOLS = 256;
/** The largest fleet in which any combination of hosts may be drained. */
export const EVERY_COMBINATION_UP_TO = 8;

/**
 * The upstreams besides the full one: one for every combination of up to k drained hosts, with k as large as 256
 * upstreams allow but at least 1 (every combination up to 8 hosts, two at a time up to 22), and those for a first
 * deployment, in which the first hosts take traffic and the others don't yet.
 */
export function drainPools(hosts: readonly PoolMember[]): DrainPool[] {
  const pools: DrainPool[] = [];
  for (let size = 1; size < hosts.length; size++) {
    const combinations = combinationsOf(hosts, size);
    if (size > 1 && pools.length + combinations.length > MAX_POOLS) break;
    pools.push(...combinations.map((drained) => poolWithout(drained, hosts)));
  }
  const drainedAtMost = Math.max(0, ...pools.map(({ without }) => without.length));
  for (let admitted = 1; admitted < hosts.length - drainedAtMost; admitted++) {
    pools.push(poolWithout(hosts.slice(admitted), hosts));
  }
  return pools;
}

function poolWithout(drained: readonly PoolMember[], hosts: readonly PoolMember[]): DrainPool {
  return {
    name: `drained_${drained.map((host) => hosts.indexOf(host) + 1).join("_")}`,
    without: drained.map((host) => host.name),
    members: hosts.filter((host) => !drained.includes(host)),
  };
}

function combinationsOf<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    combinationsOf(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}
