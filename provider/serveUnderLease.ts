import { Lease, type LeaseStore } from "#rollout/lease/lease.ts";
import type { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { finishWithoutEngine } from "./engineLife.ts";
import { leaseOwner, leaseTiming } from "./leaseOptions.ts";

/** Makes nginx serve these settings while holding the lease, so that nobody rolls the fleet meanwhile. */
export async function serveUnderLease(
  server: MachineNginxServer,
  leases: LeaseStore,
  settings: NginxSettings,
  { leaseWaitSeconds, settleSeconds }: { leaseWaitSeconds: number; settleSeconds: number },
): Promise<void> {
  await finishWithoutEngine(async (signal) => {
    const lease = await Lease.acquire(leases, leaseOwner(), leaseTiming(leaseWaitSeconds), {
      signal,
      onWait: ({ owner }) => console.log(`waiting for ${owner}`),
    });
    const assertHeld = () => lease.assertHeld();
    server.machine.fence?.(assertHeld);
    const outcome = await serveConfiguration(server, settings, settleSeconds, assertHeld).finally(() =>
      lease.release(),
    );
    console.log(`nginx ${outcome} at ${server.access.url} (${settings.flavour})`);
  });
}
