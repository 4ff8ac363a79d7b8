import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest } from "../kind.ts";
import { deploymentOf } from "./deploymentOf.ts";
import { kubernetesHostDescriptor, kubernetesProxyDescriptor } from "./kubernetesDescriptors.ts";
import type { Workload } from "./workload.ts";

/** What a request rolls: the Deployment that its only host stands for. */
export function workloadOf(request: FleetRequest): Omit<Workload, "url"> & { readonly url?: string } {
  const [proxy] = parse(proxiesOf(kubernetesProxyDescriptor), request.proxies);
  const [place, ...others] = parse(z.array(kubernetesHostDescriptor), request.hosts);
  if (!place || others.length > 0)
    throw new InvalidInput("hosts", `expected one Deployment, got ${request.hosts.length}`);
  const { launch, environment } = launchOf(request, place.name);
  const { health, image } = request;
  const started = { place, launch, health, ...(image !== undefined && { pinned: image }) };
  return {
    cluster: place.cluster,
    namespace: place.namespace,
    name: place.name,
    service: proxy.nginx?.podsService ?? proxy.service,
    ...(proxy.nginx && { front: { name: proxy.nginx.name, entrance: proxy.service } }),
    ...(proxy.url !== undefined && { url: proxy.url }),
    environment,
    deploymentOf: (release, environmentSecret) => deploymentOf(started, release, environmentSecret),
  };
}
