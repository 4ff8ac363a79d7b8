import { added, bucketOf } from "#rollout/ledger/latency.ts";
import type { Latency, LedgerRow } from "#rollout/ledger/ledgerSums.ts";

/** What a slot gets in a second of the roll. */
export interface Served {
  readonly slot: string;
  readonly release: string;
  /** Of all requests of that second. */
  readonly share: number;
  /** The median; a hundredth takes five times as long. */
  readonly milliseconds: number;
  /** Of its own requests. */
  readonly errorShare?: number;
}

/** Makes up what nginx counted, the same each time: `serves` says who got what, by seconds since the roll began. */
export function madeLedger(options: {
  readonly began: string;
  readonly from: number;
  readonly to: number;
  readonly perSecond: number;
  readonly serves: (second: number) => readonly Served[];
  readonly lostAt?: Readonly<Record<number, number>>;
}): LedgerRow[] {
  const { began, from, to, perSecond, serves, lostAt = {} } = options;
  const origin = Math.floor(Date.parse(began) / 1000);
  const random = numbers(7);
  const rows: LedgerRow[] = [];
  for (let second = from; second < to; second++) {
    const all = perSecond * (0.94 + 0.12 * random()) * (1 + 0.06 * Math.sin(second / 9));
    for (const { slot, release, share, milliseconds, errorShare = 0 } of serves(second)) {
      const requests = Math.round(all * share * (0.97 + 0.06 * random()));
      rows.push({
        second: origin + second,
        slot,
        release,
        requests,
        lost: 0,
        errors: Math.round(requests * errorShare),
        cut: 0,
        retries: 0,
        bytes: requests * 1840,
        latency: latencies(requests, milliseconds * (0.92 + 0.16 * random())),
      });
    }
    const lost = lostAt[second] ?? 0;
    if (lost > 0)
      rows.push({
        second: origin + second,
        requests: lost,
        lost,
        errors: 0,
        cut: 0,
        retries: lost,
        bytes: lost * 150,
        latency: { 0: lost },
      });
  }
  return rows;
}

function latencies(requests: number, median: number): Latency {
  const parts = [
    [0.64, 0.8],
    [0.23, 1.3],
    [0.1, 2.2],
    [0.03, 5],
  ] as const;
  return added(
    parts.flatMap(([share, factor]) => {
      const count = Math.round(requests * share);
      return count > 0 ? [{ [bucketOf(median * factor)]: count }] : [];
    }),
  );
}

/** Numbers from 0 to 1 that look random: Park and Miller's generator. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
