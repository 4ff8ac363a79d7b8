import { createHash } from "node:crypto";
import type { Reader } from "./reader.ts";

/** Below the ports that Linux gives to clients. */
const FIRST = 20_000;
const PORTS = 10_000;

/** The port where only the rollout reaches nginx; 0 means one that follows from `seed`, which is unique on a machine. */
export function readControlPort(reader: Reader, seed: string): number | string {
  const given = reader.number("controlPort");
  return given === 0 ? controlPortFor(seed) : given;
}

/** The port that follows from a name. */
export function controlPortFor(seed: string): number {
  return FIRST + (createHash("sha256").update(seed).digest().readUInt32BE() % PORTS);
}
