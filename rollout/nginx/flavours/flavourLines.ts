import type { HostPlace } from "../../host/hostPlace.ts";
import type { TwoSlots } from "../../host/slots.ts";
import type { RestState } from "../restStates.ts";

/** What a flavour adds to `nginx.conf`, by block, and the files it needs next to it. */
export interface FlavourLines {
  /** At the top of the file. */
  readonly main: string;
  readonly http: string;
  /** How nginx notices that a member of this upstream is down; `hosts` are those that its members may be of. */
  readonly watch: (upstream: UpstreamServers, hosts: readonly TwoSlots[]) => Watch;
  /** The variable with the bits of the slots that get no request; this and the next one without the stack's name. */
  readonly out: string;
  /** The variable that names the upstream of a request, or `none`. */
  readonly pool: string;
  /** What a client is told if there is none; may be a variable. */
  readonly outage: string;
  /** Before the locations of the control server. */
  readonly server: string;
  /** Answers `/status`. */
  readonly status: string;
  readonly files: readonly ConfigurationFile[];
  /** The file that exists only while every slot that serves in a rest state is up; absent if upstreams know who is. */
  readonly allUp?: (state: RestState) => string;
}

/** An upstream: its members, and those that serve only if none of them does. */
export interface UpstreamServers {
  readonly name: string;
  readonly members: readonly HostPlace[];
  readonly backups: readonly HostPlace[];
}

/** How nginx notices that a member of an upstream is down. */
export interface Watch {
  /** Whether a few failures in a row take it out for a moment. */
  readonly failover: boolean;
  /** The lines for active checks, at the end of the upstream. */
  readonly checks: string;
}

/** A file next to `nginx.conf`. */
export interface ConfigurationFile {
  readonly name: string;
  readonly text: string;
  /** Where the user has it, for nginx's messages about it. */
  readonly source?: string;
}
