/**
 * The code behind the resources, which the providers in a state import as `rollgate/provider`, from the folder of the
 * program. A state may have been written by any earlier version, so these names must stay, and so must the paths below it,
 * `rollgate/provider/…`, of resources that only one kind has.
 *
 * @module rollgate/provider
 */

import type { Crud } from "./crud.ts";

export const appHost = (): Promise<Crud> => import("./hostResource.ts");
export const nginx = (): Promise<Crud> => import("./nginx.ts");
export const rollingDeployment = (): Promise<Crud> => import("./deployment.ts");
