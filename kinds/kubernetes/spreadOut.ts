import { selectorOf } from "./labels.ts";

/**
 * Spreads the pods of a workload over zones and nodes. Only those of one release count, or a roll would put all new ones
 * where the old ones are not.
 */
export function spreadOut(name: string) {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selectorOf(name) },
    matchLabelKeys: ["pod-template-hash"],
  }));
}
