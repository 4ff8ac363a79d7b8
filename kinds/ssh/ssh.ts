import { settingIn } from "../change.ts";
import type { MachineKind } from "../kind.ts";
import { sshHostDescriptor, sshProxyDescriptor } from "./sshDescriptors.ts";

/** Hosts and nginx on servers reached over SSH. */
export const ssh = {
  host: sshHostDescriptor,
  proxy: sshProxyDescriptor,
  machineOf: (place) => settingIn(place, "server"),
  readSettings: async (reader) => (await import("./sshSettings.ts")).readSshSettings(reader),
  hosts: async () => (await import("./sshHost.ts")).sshHost,
  nginx: async () => (await import("./sshNginx.ts")).sshNginx,
  openFleet: async (request) => (await import("./openSshFleet.ts")).openSshFleet(request),
} satisfies MachineKind;
