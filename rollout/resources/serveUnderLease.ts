import { Lease, type LeaseStore } from "../lease.ts";
import type { NginxServer } from "../nginx/nginxServer.ts";
import type { NginxSettings } from "../nginx/renderConfiguration.ts";
import { serveConfiguration } from "../nginx/serveConfiguration.ts";
import { leaseOwner, leaseTiming } from "./leaseOptions.ts";
import { outliveReader } from "./outliveReader.ts";

/** Makes nginx serve these settings while nobody rolls the fleet behind it; says what that took. */
export async function serveUnderLease(
  server: NginxServer,
  leases: LeaseStore,
  settings: NginxSettings,
  { leaseWaitSeconds, settleSeconds }: { leaseWaitSeconds: number; settleSeconds: number },
): Promise<void> {
  outliveReader();
  const lease = await Lease.acquire(leases, leaseOwner(), leaseTiming(leaseWaitSeconds), {
    signal: new AbortController().signal,
    onWait: ({ owner }) => console.log(`waiting for ${owner}`),
  });
  const assertHeld = () => lease.assertHeld();
  server.fence?.(assertHeld);
  const outcome = await serveConfiguration(server, settings, settleSeconds, assertHeld).finally(() =>
    lease.release(),
  );
  console.log(`nginx ${outcome} at ${server.access.url} (${settings.flavour})`);
}
