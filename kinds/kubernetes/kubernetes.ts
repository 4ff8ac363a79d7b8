import { InvalidInput, isSystemError } from "#rollout/common/errors.ts";
import { settingIn } from "../change.ts";
import type { OrchestratedKind } from "../kind.ts";
import { kubernetesHostDescriptor, kubernetesProxyDescriptor } from "./kubernetesDescriptors.ts";
import { OWN_SETTINGS } from "./ownSettings.ts";

/** Pods that Kubernetes rolls. */
export const kubernetes = {
  host: kubernetesHostDescriptor,
  proxy: kubernetesProxyDescriptor,
  ownSettings: OWN_SETTINGS,
  /** Pods and Services have ports of their own. */
  machineOf: (place) => ("name" in place ? "a pod" : settingIn(place, "service")),
  readSettings: async (reader) => (await loadSettings()).readKubernetesSettings(reader),
  openOrchestrator: async (request) => (await import("./openRequest.ts")).openRequest(request),
} satisfies OrchestratedKind;

/** A program that installs the package brings Pulumi's package for Kubernetes only if it uses this kind. */
async function loadSettings() {
  try {
    return await import("./kubernetesSettings.ts");
  } catch (error) {
    if (!isSystemError(error, "ERR_MODULE_NOT_FOUND")) throw error;
    const missing = ["@pulumi/kubernetes", "@pulumi/docker"].find((name) => error.message.includes(name));
    if (missing === undefined) throw error;
    const reason = `expected the package ${missing} in the program, found none: npm install ${missing}`;
    throw new InvalidInput("kind", reason, { cause: error });
  }
}
