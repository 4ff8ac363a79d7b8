import pLimit from "p-limit";
import type { LocalHostDescriptor } from "#kinds/local/localDescriptors.ts";
import { openLocalHost } from "#kinds/local/openLocalHost.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { HostPolicy } from "#rollout/host/machineSlot.ts";

/** A local host at this port; nothing runs there until somebody starts it. */
export function localHost(
  descriptor: Partial<LocalHostDescriptor> & Pick<LocalHostDescriptor, "port">,
  options: Partial<HostPolicy> = {},
): MachineAppHost {
  const place = { kind: "local", name: "app-1", directory: "/nowhere", address: "127.0.0.1" } as const;
  return new MachineAppHost(openLocalHost({ ...place, ...descriptor }), {
    launch: { java: "java", jvmOptions: [], arguments: [] },
    environment: {},
    uploads: pLimit(2),
    health: {
      path: "/actuator/health",
      passes: 2,
      intervalMilliseconds: 20,
      timeoutMilliseconds: 2000,
      deadlineSeconds: 10,
    },
    ...options,
  });
}
