import type * as docker from "@pulumi/docker";
import type { Input, Resource } from "@pulumi/pulumi";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import type { ServingInputs } from "./servingInputs.ts";

/** App hosts of any kind. */
export interface AppHostsArgs {
  /** Where each host is; known at preview, so that a preview can show the rolling order. */
  readonly hosts: readonly HostPlace[];
  /** How long the application may take to stop when its host is deleted. */
  readonly graceSeconds: Input<number>;
  /** The Java that has to be there, where that is looked up on the deployer's machine: a path, or a name. */
  readonly java?: Input<string>;
  /** Declares what the hosts need, as children of `parent`; tells what each host comes after. */
  readonly around?: (name: string, parent: Resource) => (host: HostPlace) => Resource[];
}

/** Nginx in front of the app hosts, on any kind of machine; everything is known at preview. */
export type CheckingNginxArgs = ProxyPlace &
  ServingInputs & {
    /** Declares what nginx needs, as children of `parent`, and tells what it comes after. */
    readonly around?: (name: string, parent: Resource) => Resource[];
  };

/** What a stack is made of, apart from the rollout. */
export interface Declaration {
  readonly app: AppHostsArgs;
  readonly nginx: CheckingNginxArgs;
  /** Asks the world what has to be known before anything is declared; throws what names a setting. */
  preflight(): Promise<Found>;
}

/** What a kind found out about the world. */
export interface Found {
  /** The Docker engine that everything is on, where it is on one. */
  readonly engine?: docker.ProviderArgs;
}
