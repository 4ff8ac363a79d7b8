import type { Flavour } from "../request/rollRequest.ts";
import type { CheckPolicy } from "./checkPolicy.ts";
import type { PoolMember } from "./drainPools.ts";

/** Everything that the configuration depends on. */
export interface NginxSettings {
  readonly flavour: Flavour;
  /** The file of nginx's JavaScript module, when it has to be loaded. */
  readonly njsModule?: string;
  /** nginx's own prefix, absolute. */
  readonly directory: string;
  readonly address: string;
  readonly port: number;
  readonly hosts: readonly PoolMember[];
  readonly check: CheckPolicy;
  /** Path of the application's own health endpoint. */
  readonly healthPath: string;
  /** How long a host may take to answer before nginx gives up. */
  readonly slowestRequestSeconds: number;
  /** Addresses or networks beside loopback that may read `/status`. */
  readonly statusAllow: readonly string[];
  /** Instead of a file under the prefix, such as `stderr`. */
  readonly errorLog?: string;
  /** Relative to the prefix; `nginx.pid` unless given. */
  readonly pidFile?: string;
  /** The account that workers run as; given only when nginx is started by root. */
  readonly user?: string;
}
