import type { DrainPool, PoolMember } from "./drainPools.ts";

/**
 * An nginx `map` from host names, each followed by a space, to the upstream without exactly those hosts: `nobody` if
 * there are no names, `otherwise` for a combination without an upstream.
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

/** The value of `$drained` while exactly these hosts are drained, in the order of the configuration. */
export function drainedKey(names: readonly string[]): string {
  return names.map((name) => `${name} `).join("");
}
