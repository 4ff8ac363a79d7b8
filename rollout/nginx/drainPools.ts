/** A host as an upstream needs it. */
export interface PoolMember {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** An upstream that lacks some hosts. */
export interface DrainPool {
  readonly name: string;
  readonly without: readonly string[];
  readonly members: readonly PoolMember[];
}

const MAX_POOLS = 64;

/**
 * The upstreams that stand next to the full one: one for every combination of up to k drained hosts,
 * k as large as 64 upstreams allow but at least 1. Up to six hosts that is every combination there is;
 * a larger fleet is drained one or a few at a time.
 */
export function drainPools(hosts: readonly PoolMember[]): DrainPool[] {
  const pools: DrainPool[] = [];
  for (let size = 1; size < hosts.length; size++) {
    const combinations = combinationsOf(hosts, size);
    if (size > 1 && pools.length + combinations.length > MAX_POOLS) break;
    for (const drained of combinations) {
      pools.push({
        name: `drained_${drained.map((host) => hosts.indexOf(host) + 1).join("_")}`,
        without: drained.map((host) => host.name),
        members: hosts.filter((host) => !drained.includes(host)),
      });
    }
  }
  return pools;
}

function combinationsOf<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    combinationsOf(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}
