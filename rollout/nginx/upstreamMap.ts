import type { DrainPool, PoolMember } from "./drainPools.ts";

/**
 * An nginx `map` from names of hosts, each followed by a blank, to the upstream that lacks exactly those: `nobody`
 * without a name, `otherwise` for a combination that has none.
 */
export function upstreamMap(
  { source, target, nobody, otherwise }: Record<"source" | "target" | "nobody" | "otherwise", string>,
  hosts: readonly PoolMember[],
  pools: readonly DrainPool[],
): string {
  const rows = [
    ["default", otherwise],
    ['""', nobody],
    ...pools.map((pool) => [`"${drainedKey(pool.without)}"`, pool.name]),
    [`"${drainedKey(hosts.map(({ name }) => name))}"`, "none"],
  ];
  return `    map ${source} ${target} {
${rows.map(([key, value]) => `        ${key} ${value};\n`).join("")}    }
`;
}

/** What `$drained` holds while exactly these hosts are drained, in the order of the configuration. */
export function drainedKey(names: readonly string[]): string {
  return names.map((name) => `${name} `).join("");
}
