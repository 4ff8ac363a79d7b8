import * as pulumi from "#kinds/pulumi.ts";
import type { ServiceSettings } from "./serviceSettings.ts";

/** The resources that settings come from. */
export interface Origins {
  /** Those of each host, in the order of `hosts`. */
  readonly hosts: readonly (readonly pulumi.Resource[])[];
  readonly nginxServers: readonly pulumi.Resource[];
  /** Those of all other settings, and of a list of hosts as a whole. */
  readonly others: readonly pulumi.Resource[];
}

/** Finds out which resources the settings of a service come from. */
export async function originsOf({ hosts, nginxServers, ...others }: ServiceSettings): Promise<Origins> {
  const isList = Array.isArray(hosts);
  return {
    hosts: isList ? await Promise.all(hosts.map(originsIn)) : [],
    nginxServers: await originsIn(nginxServers),
    others: await originsIn(isList ? others : [others, hosts]),
  };
}

async function originsIn(value: unknown): Promise<pulumi.Resource[]> {
  const resources: unknown = await Object(pulumi.output(value)).allResources();
  return resources instanceof Set ? [...resources].filter(pulumi.Resource.isInstance) : [];
}

/** The resources that an option lists. */
export async function resourcesIn(
  dependsOn: pulumi.ResourceOptions["dependsOn"],
): Promise<pulumi.Resource[]> {
  const listed: unknown = await known(pulumi.output(dependsOn ?? []));
  return [listed].flat().filter(pulumi.Resource.isInstance);
}

/** What an output turns out to be. */
export function known(output: pulumi.Output<unknown>): Promise<unknown> {
  return Object(output).promise(true);
}
