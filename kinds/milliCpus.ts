import { InvalidInput } from "#rollout/common/errors.ts";

/** The setting `containerCpus` in thousandths of a processor; 0 means no limit. */
export function readMilliCpus(text: string): number {
  const cpus = Number(text);
  // Docker rejects less than a hundredth.
  if (text.trim() !== "" && (cpus === 0 || (cpus >= 0.01 && cpus <= 1024))) return Math.round(cpus * 1000);
  throw new InvalidInput(
    "containerCpus",
    `expected 0.01–1024 CPUs, such as 1.5, or 0, got ${JSON.stringify(text)}`,
  );
}
