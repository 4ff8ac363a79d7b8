import { settingIn } from "../change.ts";
import type { MachineKind } from "../kind.ts";
import { dockerHostDescriptor, dockerProxyDescriptor } from "./dockerDescriptors.ts";

/** Hosts and nginx as containers on one Docker engine. */
export const docker = {
  host: dockerHostDescriptor,
  proxy: dockerProxyDescriptor,
  /** Each container has its own ports. */
  machineOf: (place) => settingIn(place, "container"),
  readSettings: async (reader) => (await import("./dockerSettings.ts")).readDockerSettings(reader),
  resources: { image: () => import("./pulledImage.ts") },
  hosts: async () => (await import("./dockerHost.ts")).dockerHost,
  nginx: async () => (await import("./dockerNginx.ts")).dockerNginx,
  openFleet: async (request) => (await import("./openDockerFleet.ts")).openDockerFleet(request),
} satisfies MachineKind;
