import type { TwoSlots } from "../host/slots.ts";
import type { SiteSettings } from "../request/frontDoor/siteInputs.ts";
import type { Flavour } from "../request/rollRequest.ts";
import type { CanaryRouting } from "./configuration/canaryRouting.ts";
import type { TlsServing } from "./tls/tlsServing.ts";

/** Everything the configuration depends on. */
export interface NginxSettings extends SiteSettings {
  /** The stack's: all names in the configuration start with it. */
  readonly name: string;
  readonly flavour: Flavour;
  /** The file of nginx's JavaScript module, if it must be loaded. */
  readonly njsModule?: string;
  /** nginx's own prefix, absolute. */
  readonly directory: string;
  readonly address: string;
  readonly port: number;
  /** The names that it serves; empty for any name. */
  readonly serverNames: readonly string[];
  /** Absent without HTTPS. */
  readonly tls?: TlsServing;
  /** Where only the rollout reaches nginx, on the loopback address of its machine. */
  readonly controlPort: number;
  readonly hosts: readonly TwoSlots[];
  readonly check: CheckPolicy;
  /** Path of the application's own health endpoint. */
  readonly healthPath: string;
  /** How long a host may take to answer before nginx gives up. */
  readonly slowestRequestSeconds: number;
  /** The path under which requests get to the application; `/` means all. */
  readonly pathPrefix: string;
  /** Paths that clients don't reach, with all below them, and exact exceptions. */
  readonly closedPaths: readonly string[];
  readonly openPaths: readonly string[];
  /** Addresses or networks that may read `/status`; it doesn't exist if there are none. */
  readonly statusAllow: readonly string[];
  /** Whether rolls send requests of their own. */
  readonly probes?: true;
  /** Whether it is for these that something is rendered. */
  readonly isProbe?: true;
  /** Whether the configuration is only a part of one that is not ours. */
  readonly isForeign?: true;
  /** Absent if all hosts run the same release. */
  readonly canary?: CanaryRouting;
  /** Such as `stderr`; a file under the prefix unless given. */
  readonly errorLog?: string;
  /** The access log unless its path is set, such as `/dev/stdout`; a file under the prefix unless given. */
  readonly accessLogFile?: string;
  /** Relative to the prefix; `nginx.pid` unless given. */
  readonly pidFile?: string;
  /** The account that workers run as; set only if root starts nginx. */
  readonly user?: string;
}

/** nginx's active checks, in the check module's terms. */
export interface CheckPolicy {
  readonly path: string;
  readonly intervalMilliseconds: number;
  readonly rise: number;
  readonly fall: number;
  readonly timeoutMilliseconds: number;
  /** The statuses of a healthy host, such as `200` or `2xx`. */
  readonly expect: readonly string[];
}
