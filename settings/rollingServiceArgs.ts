import type { ServiceSettings } from "./serviceSettings.ts";
import type { Setting } from "./setting.ts";

/**
 * The settings of a service, as a stack file has them; each, or a part of it, may be an output. Every kind needs `hosts`,
 * except `kubernetes`.
 */
export type RollingServiceArgs = ServiceSettings &
  ({ readonly hosts: NonNullable<ServiceSettings["hosts"]> } | { readonly kind: Setting<"kubernetes"> });
