import { InvalidInput } from "#rollout/common/errors.ts";
import { batch, batchSize, largestBatch } from "#rollout/request/batch.ts";
import type { Reader } from "./reader.ts";

const ALL_OTHERS = "all others";

/** How hosts get their new JVM, how many at a time, and how many others must serve meanwhile. */
export function readAvailability(reader: Reader, hosts: number) {
  const [order, sizes] = [reader.text("order"), readBatch(reader)];
  return {
    order,
    batch: sizes,
    minimumHealthy: readMinimumHealthy(reader, hosts, order === "stop-first" ? sizes : [1]),
  };
}

/** A number, a percentage or a list of them; a single one may be written as plain text. */
function readBatch(reader: Reader): unknown[] {
  const text = reader.text("batch");
  if (text.startsWith("[")) return reader.list("batch");
  return [numberOrText(text)];
}

/** "All others" are those outside a batch, as far as its hosts are out together; at least one, if there is any. */
function readMinimumHealthy(reader: Reader, hosts: number, together: unknown[]): number | string {
  const [minimum, most] = [reader.text("minimumHealthy"), reader.text("maxUnavailable")];
  if (most !== "") {
    if (minimum !== ALL_OTHERS) {
      throw new InvalidInput(
        "maxUnavailable",
        `expected either this or minimumHealthy, got ${most} and ${minimum}`,
      );
    }
    const out = batch.safeParse([numberOrText(most)]);
    if (out.success) return hosts - batchSize(out.data, 0, hosts);
    throw new InvalidInput("maxUnavailable", out.error.issues[0]?.message ?? "expected a number of hosts");
  }
  if (minimum !== ALL_OTHERS) return numberOrText(minimum);
  const sizes = batch.safeParse(together);
  const out = sizes.success ? largestBatch(sizes.data, hosts) : 1;
  return Math.max(Math.min(1, hosts - 1), hosts - out);
}

function numberOrText(text: string): number | string {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
