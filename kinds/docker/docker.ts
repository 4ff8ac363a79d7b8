import { InvalidInput, isSystemError } from "#rollout/common/errors.ts";
import { settingIn } from "../change.ts";
import type { MachineKind } from "../kind.ts";
import { dockerHostDescriptor, dockerProxyDescriptor } from "./dockerDescriptors.ts";

/** Hosts and nginx as containers on one Docker engine. */
export const docker = {
  host: dockerHostDescriptor,
  proxy: dockerProxyDescriptor,
  /** Each container has its own ports. */
  machineOf: (place) => settingIn(place, "container"),
  readSettings: async (reader) => (await loadSettings()).readDockerSettings(reader),
  hosts: async () => (await import("./dockerHost.ts")).dockerHost,
  nginx: async () => (await import("./dockerNginx.ts")).dockerNginx,
  openFleet: async (request) => (await import("./openDockerFleet.ts")).openDockerFleet(request),
} satisfies MachineKind;

/** A program that installs the package brings Pulumi's package for Docker only if it uses this kind. */
async function loadSettings() {
  try {
    return await import("./dockerSettings.ts");
  } catch (error) {
    if (!isSystemError(error, "ERR_MODULE_NOT_FOUND") || !error.message.includes("@pulumi/docker"))
      throw error;
    const reason =
      "expected the package @pulumi/docker in the program, found none: npm install @pulumi/docker";
    throw new InvalidInput("kind", reason, { cause: error });
  }
}
