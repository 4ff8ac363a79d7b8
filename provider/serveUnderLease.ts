import type { NginxKind, OpenNginx } from "#kinds/nginxKind.ts";
import type { Decision, ServingInputs } from "#kinds/servingInputs.ts";
import { Lease } from "#rollout/lease/lease.ts";
import { CONTROL_ADDRESS } from "#rollout/nginx/configuration/controlServer.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { drainsOfPeers, takeOverDrains } from "#rollout/nginx/takeOverDrains.ts";
import { finishWithoutEngine } from "./engineLife.ts";
import { leaseOwner, leaseTiming } from "./leaseOptions.ts";
import { bringCertificate, tidyCertificate } from "./nginxCertificate.ts";
import { keep } from "./nginxKeeper.ts";

/**
 * Makes an nginx serve these settings while holding the lease, so that nobody rolls the fleet meanwhile. The lease is
 * kept by the first of several nginx. One that didn't run starts with the drains of one that does.
 */
export async function serveUnderLease(
  kind: NginxKind,
  nginx: OpenNginx,
  settings: NginxSettings,
  inputs: Pick<
    ServingInputs,
    "leaseWaitSeconds" | "settleSeconds" | "peers" | "keeper" | "tls" | "serverNames"
  > &
    Decision,
): Promise<void> {
  const { server } = nginx;
  await withPeers(kind, inputs.peers ?? [], async (peers) => {
    await finishWithoutEngine(async (signal) => {
      const leases = peers[0]?.leases ?? nginx.leases;
      const lease = await Lease.acquire(leases, leaseOwner(), leaseTiming(inputs.leaseWaitSeconds), {
        signal,
        onWait: ({ owner }) => console.log(`waiting for ${owner}`),
      });
      const assertHeld = () => lease.assertHeld();
      server.machine.fence?.(assertHeld);
      try {
        const others = peers.filter(({ id }) => id !== nginx.id);
        const isThere = (await server.served()) !== undefined;
        const drained =
          isThere && (await server.isRunning())
            ? undefined
            : await drainsOfPeers(others.map((peer) => peer.server.access));
        const takeOver = async () => drained && takeOverDrains(server.access, settings.hosts, drained);
        if (isThere) await takeOver();
        const isNew = await bringCertificate(nginx, inputs, inputs);
        const outcome = await serveConfiguration(server, settings, inputs.settleSeconds, assertHeld);
        // A slot that is new in its configuration is drained until somebody admits it.
        await takeOver();
        await tidyCertificate(nginx, inputs);
        if (!kind.isPulumis) await keep(nginx, inputs.keeper);
        const certificate = isNew ? " with a new certificate" : "";
        const page = `http://${CONTROL_ADDRESS}:${settings.controlPort}/status`;
        console.log(
          `nginx ${outcome} at ${server.access.url} (${settings.flavour})${certificate}; on its machine, ${page}`,
        );
      } finally {
        await lease.release();
      }
    });
  });
}

/** Opens all nginx of a fleet, the first one first. */
async function withPeers(
  kind: NginxKind,
  places: readonly object[],
  work: (peers: readonly OpenNginx[]) => Promise<void>,
): Promise<void> {
  const peers: OpenNginx[] = [];
  try {
    for (const place of places) peers.push(await kind.open(place));
    await work(peers);
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
  }
}
