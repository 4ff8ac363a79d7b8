import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { parse } from "#rollout/request/validate.ts";
import type { Reader } from "../../../settings/reader.ts";
import { servingInputs, settingsFor } from "../../servingInputs.ts";
import { type Exposure, isRouted, type WayIn } from "../exposure.ts";
import type { KubernetesHost } from "../kubernetesDescriptors.ts";
import { FRONT_CONTROL_PORT } from "./frontConfiguration.ts";
import { FRONT_PLACE, type Front } from "./frontObjects.ts";

const REPLICAS = 2;
/** Where the official images and Debian's package have it. */
const NJS_MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so";

/** The names of nginx in front of a workload and of the Service with its pods. */
export function frontNames(workload: string) {
  return { name: `${workload}-nginx`, podsService: `${workload}-pods` };
}

/** How many pods of nginx there are; 0 without it. */
export function frontReplicas({ nginx = 0 }: Exposure): number {
  return nginx === true ? REPLICAS : nginx;
}

/** nginx in front of a place, from the settings that all kinds share. */
export function readFront(
  reader: Reader,
  place: KubernetesHost,
  serving: unknown,
  { exposure }: Pick<WayIn, "exposure">,
): Front {
  const inputs = parse(z.object(servingInputs), { ...Object(serving), hosts: [] });
  if (inputs.accessLog?.path !== undefined) {
    const got = JSON.stringify(inputs.accessLog.path);
    throw new InvalidInput(
      "accessLog.path",
      `expected no value with kind kubernetes, where the log is the container's, got ${got}`,
    );
  }
  const { name, podsService } = frontNames(place.name);
  const part = { ...FRONT_PLACE, controlPort: FRONT_CONTROL_PORT };
  const rendered = settingsFor(inputs, { flavour: "njs", njsModule: NJS_MODULE }, part);
  // Without probes of its own: those come through the cluster's API, to the pods.
  const { probes: _, ...settings } = rendered;
  return {
    name,
    replicas: frontReplicas(exposure),
    image: reader.text("nginxImage"),
    ...(place.pullSecret !== undefined && { pullSecret: place.pullSecret }),
    workload: place.name,
    settleSeconds: inputs.settleSeconds,
    settings: {
      ...settings,
      ...FRONT_PLACE,
      // An ingress or a Gateway has seen to names, and the balancer before it may check nginx by its address.
      serverNames: isRouted(exposure) ? [] : settings.serverNames,
      // What kubelet asks, too: a pod that can't do without its database may be unhealthy and yet take requests.
      check: { ...settings.check, path: place.probes.readinessPath },
      namespace: place.namespace,
      podsService,
      podPort: place.port,
      healthPort: place.healthPort ?? place.port,
    },
  };
}
