import type { DrainPool, PoolMember } from "./drainPools.ts";

/** An nginx `map` from names of hosts, each followed by a blank, to the upstream that lacks exactly those. */
export function poolMap(
  source: string,
  target: string,
  otherwise: string,
  hosts: readonly PoolMember[],
  pools: readonly DrainPool[],
): string {
  return `    map ${source} ${target} {
        default ${otherwise};
${pools.map((pool) => `        "${drainedKey(pool.without)}" ${pool.name};\n`).join("")}        "${drainedKey(hosts.map(({ name }) => name))}" none;
    }
`;
}

/** What `$drained` holds while exactly these hosts are drained, in the order of the configuration. */
export function drainedKey(names: readonly string[]): string {
  return names.map((name) => `${name} `).join("");
}
