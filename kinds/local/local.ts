import type { MachineKind } from "../kind.ts";
import { localHostDescriptor, localProxyDescriptor } from "./localDescriptors.ts";
import { withJava } from "./withJava.ts";

/** Hosts and nginx as processes on this machine. */
export const local = {
  host: localHostDescriptor,
  proxy: localProxyDescriptor,
  machineOf: () => "this one",
  readSettings: async (reader) => (await import("./localSettings.ts")).readLocalSettings(reader),
  hosts: async () => (await import("./localHost.ts")).localHost,
  nginx: async () => (await import("./localNginx.ts")).localNginx,
  withJava,
  openFleet: async (request) => (await import("./openLocalFleet.ts")).openLocalFleet(request),
} satisfies MachineKind;
