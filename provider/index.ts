import type { Crud } from "./crud.ts";

/**
 * The code behind the resources, which the providers in a state import as `rollgate/provider`, from the folder of the
 * program. A state may have been written by any earlier version, so these names and their arguments must stay.
 */
export const appHost = (): Promise<Crud> => import("./hostResource.ts");
export const nginx = (): Promise<Crud> => import("./nginx.ts");
export const rollingDeployment = (): Promise<Crud> => import("./deployment.ts");

/** Resources that only hosts of one kind need. */
export async function ofKind(kind: string, resource: string): Promise<Crud> {
  const { kinds } = await import("#kinds/kinds.ts");
  const load = kinds.named(kind).resources?.[resource];
  if (!load) throw new TypeError(`expected a resource of kind ${kind}, got ${resource}`);
  return load();
}
