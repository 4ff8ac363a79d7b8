import { groupBy } from "../common/groupBy.ts";
import type { RollRecord } from "../record/rollRecord.ts";
import { versionOf } from "../release/release.ts";

const SHORT_HASH = 5;

/** Names a release by its version, and by the beginning of its hash where two releases have the same version. */
export type ReleaseNames = (release: string) => string;

/** How the releases of a roll are called on its page. */
export function releaseNames(record: RollRecord): ReleaseNames {
  const byVersion = groupBy(releasesOf(record), versionOf);
  return (release) => {
    const version = versionOf(release);
    if ((byVersion.get(version)?.length ?? 0) < 2) return version;
    return `${version}-${release.slice(version.length + 1).slice(0, SHORT_HASH)}`;
  };
}

/** The releases that a roll has to do with: first what ran before, then what was to run, then any others. */
export function releasesOf({ hosts, release, canary, ledger }: RollRecord): string[] {
  const before = hosts.flatMap(({ from }) => from ?? []);
  const after = [release, canary?.release, ...hosts.map(({ to }) => to)];
  const seen = (ledger ?? []).map((row) => row.release);
  return [...new Set([...before, ...after, ...seen])].flatMap((each) => each || []);
}
