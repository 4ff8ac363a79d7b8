import type { RollRecord } from "./rollRecord.ts";

/** More would be from another time. */
const ROLLS = 3;

/** `about 24 s, as the last 3 rolls took`, by those that brought this many hosts to another release; empty without any. */
export function usualSeconds(newestFirst: readonly RollRecord[], hosts: number): string {
  const seconds = newestFirst
    .filter((record) => record.outcome === "succeeded" && record.hosts.length === hosts)
    .filter((record) => record.hosts.every(({ from, to }) => from !== undefined && from !== to))
    .flatMap(({ durationSeconds }) => durationSeconds ?? [])
    .slice(0, ROLLS);
  const median = seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)];
  if (median === undefined) return "";
  return `about ${Math.round(median)} s, as the last ${seconds.length === 1 ? "roll" : `${seconds.length} rolls`} took`;
}
