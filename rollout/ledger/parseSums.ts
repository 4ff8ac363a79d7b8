import type { Latency } from "./ledgerSums.ts";
import type { FailedPath, Look, PlaceSum } from "./requestCounter.ts";

type Place = Pick<PlaceSum, "place" | "isProbe">;

/** What `look-ledger.sh` prints, and where the next look reads on. */
export function parseSums(output: string): Look & { readonly position: string } {
  const [sums, positions, places]: [PlaceSum[], string[], Place[]] = [[], [], []];
  const paths: FailedPath[] = [];
  let [at, first, isFull] = [0, 0, false];
  for (const line of output.split("\n").filter(Boolean)) {
    const [word = "", ...rest] = line.split(" ");
    if (word === "at") at = Number(rest[0]);
    else if (word === "full") isFull = true;
    else if (word === "file") {
      positions.push(rest[0] ?? "");
      first = Number(rest[1]);
      places.length = 0;
    } else if (word === "u" || word === "p") {
      places.push({ ...(rest[0] !== "-" && { place: rest[0] }), ...(word === "p" && { isProbe: true }) });
    } else if (word === "w") paths.push(failedPathOf(rest));
    else sums.push(sumOf(first + Number(word), places, rest));
  }
  return { at, sums, paths, isFull, position: positions.join(" ") };
}

function failedPathOf([lost, errors, ...path]: readonly string[]): FailedPath {
  return { path: path.join(" "), lost: Number(lost), errors: Number(errors) };
}

function sumOf(second: number, places: readonly Place[], fields: readonly string[]): PlaceSum {
  const [number, requests = 0, bytes = 0] = fields.slice(0, 3).map(Number);
  const [lost = 0, errors = 0, cut = 0, retries = 0] = fields.slice(4).map(Number);
  const place = places[Number(number) - 1];
  const counts = { requests, lost, errors, cut, retries, bytes };
  return { second, ...place, ...counts, latency: latencyOf(fields[3] ?? "-") };
}

/** `ad12af` means 12 in bucket 3 and one in bucket 5. */
function latencyOf(text: string): Latency {
  const buckets = text.matchAll(/([a-z])([a-z])(\d*)/g);
  return Object.fromEntries(
    [...buckets].map(([, high = "", low = "", count]) => [
      (high.charCodeAt(0) - A) * 26 + low.charCodeAt(0) - A,
      Number(count || 1),
    ]),
  );
}

const A = "a".charCodeAt(0);
