/**
 * What Pulumi programs use.
 *
 * @module rollgate
 */

export type {
  AppHostsArgs,
  CheckingNginxArgs,
  OrchestratedHostsArgs,
  OrchestratedProxyArgs,
  OtherNginx,
} from "#kinds/declaration.ts";
export { type Preflight, preflight } from "../settings/preflight.ts";
export { readSettings, type Settings } from "../settings/readSettings.ts";
export type { ServiceSettings } from "../settings/serviceSettings.ts";
export type { Setting } from "../settings/setting.ts";
export type * from "../settings/structures.ts";
export { AppHosts } from "./appHosts.ts";
export { CheckingNginx } from "./checkingNginx.ts";
export { RollingDeployment, type RollingDeploymentArgs } from "./rollingDeployment.ts";
export { RollingService, type RollingServiceArgs } from "./rollingService.ts";
