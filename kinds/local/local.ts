import type { Kind } from "../kind.ts";
import { localHostDescriptor, localProxyDescriptor } from "./localDescriptors.ts";

/** Hosts and nginx as processes of this machine. */
export const local = {
  host: localHostDescriptor,
  proxy: localProxyDescriptor,
  machineOf: () => "this one",
  readSettings: async (reader) => (await import("./localSettings.ts")).readLocalSettings(reader),
  nginx: async () => (await import("./localNginx.ts")).localNginx,
  openFleet: async (request) => (await import("./openLocalFleet.ts")).openLocalFleet(request),
} satisfies Kind;
