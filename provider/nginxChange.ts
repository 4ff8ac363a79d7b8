import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { OpenNginx } from "#kinds/nginxKind.ts";
import type { ServingInputs } from "#kinds/servingInputs.ts";
import { InvalidInput } from "#rollout/common/errors.ts";
import { inOrder } from "#rollout/common/inOrder.ts";
import { isUnspecified } from "#rollout/machine/connections.ts";
import { type Answering, outageOf } from "#rollout/nginx/changeTopology.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import { servedPlace } from "#rollout/nginx/servedConfiguration.ts";
import { poolMember } from "#rollout/request/places.ts";

/** Where an nginx is that does not run. */
const NOWHERE: Record<string, unknown> = {};

/** Rejects a port that is taken by another program, whether nginx starts there or moves there. */
export async function requirePorts(
  nginx: OpenNginx,
  old: Record<string, unknown>,
  inputs: Pick<ServingInputs, "tls">,
): Promise<void> {
  const { server } = nginx;
  const { tls } = inputs;
  const [{ address, port }, isRunning, served = ""] = await inOrder(
    nginx.settings(),
    server.isRunning(),
    server.served(),
  );
  const before = isRunning ? (servedPlace(served) ?? old) : NOWHERE;
  const { address: oldAddress, port: oldPort, tlsPort: oldTlsPort } = before;
  const ports = [{ property: "port", port, was: oldPort }];
  if (tls) ports.push({ property: "tls.port", port: tls.port, was: oldTlsPort });
  for (const { property, port, was } of ports) {
    if (was === port && oldAddress === address) continue;
    const holder = await server.portHolder(port);
    if (holder === undefined) continue;
    // Its supervisor has just restarted it.
    if (!isRunning && (await server.isRunning())) return requirePorts(nginx, old, inputs);
    if (was !== port) throw new InvalidInput(property, `${port} is taken by ${holder}`);
    if (typeof oldAddress === "string" && [oldAddress, address].every(isUnspecified)) continue;
    throw new InvalidInput(
      property,
      `expected another port when the address changes, since nginx cannot bind port ${port} again while it is serving`,
    );
  }
}

/** Refuses hosts of which none serves already, when those that serve now all go. */
export async function requireOneToServe(
  { server }: { readonly server: Pick<NginxServer, "isRunning"> & { readonly access: Answering } },
  olds: Record<string, unknown>,
  { hosts: after }: Pick<ServingInputs, "hosts">,
): Promise<void> {
  const before = z.array(poolMember).catch([]).parse(olds.hosts);
  if (before.length === 0 || isDeepStrictEqual(before, after) || !(await server.isRunning())) return;
  const why = await outageOf({ before, after, access: server.access });
  if (why !== undefined) throw new InvalidInput("hosts", why);
}
