import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest } from "../kind.ts";
import { deploymentOf } from "./deploymentOf.ts";
import { admitSeconds } from "./front/admitSeconds.ts";
import {
  type KubernetesHost,
  kubernetesHostDescriptor,
  kubernetesProxyDescriptor,
} from "./kubernetesDescriptors.ts";
import type { Workload } from "./workload.ts";

/** A workload whose URL the cluster may have to be asked for. */
type Described = Omit<Workload, "url" | "canary"> & { readonly url?: string };

/** What a request rolls: the Deployment that its first host stands for, and its canary, if there is a second one. */
export function workloadOf(request: FleetRequest): Described & { readonly canary?: Described } {
  const [proxy] = parse(proxiesOf(kubernetesProxyDescriptor), request.proxies);
  const [main, canary, ...others] = parse(z.array(kubernetesHostDescriptor), request.hosts);
  if (!main || main.canaryOf !== undefined || others.length > 0)
    throw new InvalidInput(
      "hosts",
      `expected one Deployment and at most one canary, got ${request.hosts.length} hosts`,
    );
  if (canary && canary.canaryOf !== main.name)
    throw new InvalidInput("hosts[1].canaryOf", `expected ${main.name}, got ${canary.canaryOf ?? "nothing"}`);
  const of = (place: KubernetesHost, image: string | undefined) => {
    const { launch, environment } = launchOf(request, place.name);
    const started = { place, launch, health: request.health, ...(image !== undefined && { pinned: image }) };
    return {
      cluster: place.cluster,
      namespace: place.namespace,
      name: place.name,
      ...(place.canaryOf !== undefined && { canaryOf: place.canaryOf }),
      service: proxy.nginx?.podsService ?? proxy.service,
      ...(proxy.nginx && {
        front: {
          name: proxy.nginx.name,
          entrance: proxy.service,
          admitSeconds: admitSeconds(place.probes),
        },
      }),
      ...(proxy.url !== undefined && { url: proxy.url }),
      environment,
      deploymentOf: (release: string, secret: string) => deploymentOf(started, release, secret),
    };
  };
  return {
    ...of(main, request.image),
    ...(canary && { canary: of(canary, request.canary?.image) }),
  };
}
