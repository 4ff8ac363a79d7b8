/** The releases to remove so that `keep` are left: the ones that ran longest ago, but never those in `spared`. */
export function surplusReleases(
  lastRunFirst: readonly string[],
  keep: number,
  spared: readonly string[],
): string[] {
  const needed = [...new Set(spared)];
  const kept = [...new Set([...needed, ...lastRunFirst])].slice(0, Math.max(keep, needed.length));
  return lastRunFirst.filter((id) => !kept.includes(id));
}
