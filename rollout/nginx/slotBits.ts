import { slotsOf, type TwoSlots } from "../host/slots.ts";

/**
 * Which slots are out, as nginx's variables have it: a 1 for each that is, a 0 for each other, in the order of the
 * configuration.
 */
export function bitsOf(hosts: readonly TwoSlots[], out: readonly string[]): string {
  return hosts
    .flatMap(slotsOf)
    .map(({ name }) => (out.includes(name) ? "1" : "0"))
    .join("");
}

/** Such bits as a key of an nginx `map`; long ones as a pattern, because nginx limits the length of other keys. */
export function bitsKey(bits: string): string {
  return bits.length <= LONGEST_PLAIN_KEY ? bits : `~^${bits}$`;
}

/** Well within what every nginx allows unless its `map_hash_bucket_size` says otherwise. */
const LONGEST_PLAIN_KEY = 16;
