import { z } from "zod";
import { show } from "./fields.ts";

const size = z.custom<number | string>(
  (value) =>
    typeof value === "string"
      ? /^([1-9]\d?|100)%$/.test(value)
      : Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 1000,
  { error: (issue) => `expected a number of hosts or a percentage such as 25%, got ${show(issue.input)}` },
);

/** How many hosts are rolled side by side: the size of each batch in turn; the last one holds for all that follow. */
export const batch = z.array(size).min(1, { error: "expected at least one size, got none" });
export type Batch = readonly z.infer<typeof size>[];

/** The number of hosts in one batch of a fleet: at least one, percentages rounded down. */
export function batchSize(batch: Batch, index: number, hosts: number): number {
  const size = batch[Math.min(index, batch.length - 1)] ?? 1;
  const count = typeof size === "number" ? size : Math.floor((hosts * Number.parseInt(size, 10)) / 100);
  return Math.min(hosts, Math.max(1, count));
}

/** The number of hosts in the largest batch. */
export function largestBatch(batch: Batch, hosts: number): number {
  return Math.max(...batch.map((_, index) => batchSize(batch, index, hosts)));
}
