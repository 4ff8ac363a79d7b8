export type { AppHostsArgs, CheckingNginxArgs, OtherNginx } from "#kinds/declaration.ts";
export { type Preflight, preflight } from "../settings/preflight.ts";
export { readSettings, type Settings } from "../settings/readSettings.ts";
export { AppHosts } from "./appHosts.ts";
export { CheckingNginx } from "./checkingNginx.ts";
export { RollingDeployment, type RollingDeploymentArgs } from "./rollingDeployment.ts";
