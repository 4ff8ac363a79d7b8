import { settingIn } from "../change.ts";
import type { OrchestratedKind } from "../kind.ts";
import { fromProgram } from "./fromProgram.ts";
import { kubernetesHostDescriptor, kubernetesProxyDescriptor } from "./kubernetesDescriptors.ts";
import { OWN_SETTINGS } from "./ownSettings.ts";

/** Pods that Kubernetes rolls. */
export const kubernetes = {
  host: kubernetesHostDescriptor,
  proxy: kubernetesProxyDescriptor,
  ownSettings: OWN_SETTINGS,
  /** Pods and Services have ports of their own. */
  machineOf: (place) => ("name" in place ? "a pod" : settingIn(place, "service")),
  readSettings: async (reader) =>
    (await fromProgram(() => import("./kubernetesSettings.ts"))).readKubernetesSettings(reader),
  openOrchestrator: async (request) => (await import("./openRequest.ts")).openRequest(request),
} satisfies OrchestratedKind;
