import type { Input, Output, Resource } from "@pulumi/pulumi";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import type { ServingInputs } from "./servingInputs.ts";

/** App hosts of any kind. */
export interface AppHostsArgs {
  /** Where each host is; known at preview, so that a preview can show the rolling order. */
  readonly hosts: readonly HostPlace[];
  /** How long the application may take to stop when its host is deleted. */
  readonly graceSeconds: Input<number>;
  /** The required Java, a path or a name, if it is looked up on the deployer's machine. */
  readonly java?: Input<string>;
  /** Declares what the hosts need, as children of `parent`; returns what each host depends on. */
  readonly around?: (name: string, parent: Resource) => (host: HostPlace) => Resource[];
  /** Whether the preflight has found the ports of a new host free, so that nobody has to look again. */
  readonly portsAreFree?: (host: HostPlace) => boolean;
}

/** nginx in front of the app hosts, of any kind; everything is known at preview. */
export type CheckingNginxArgs = ProxyPlace &
  ServingInputs & {
    /** Declares what nginx needs, as children of `parent`; returns what it depends on. */
    readonly around?: Around;
    /** Further nginx in front of the same hosts, which serve the same. */
    readonly others?: readonly OtherNginx[];
  };

/** One of several nginx, besides the first one. */
export interface OtherNginx {
  /** Tells its resources from those of the others, whatever their order. */
  readonly key: string;
  readonly place: ProxyPlace;
  readonly around?: Around;
}

type Around = (name: string, parent: Resource) => Resource[];

/** Hosts that their own orchestrator rolls, such as Kubernetes. */
export interface OrchestratedHostsArgs {
  readonly hosts: readonly HostPlace[];
  /** Declares what they need, as children of `parent`; returns the images that they run, if only the update knows them. */
  readonly declare: (name: string, parent: Resource) => PushedImages;
}

/** Images by their digests. */
export interface PushedImages {
  readonly image?: Output<string> | undefined;
  readonly canaryImage?: Output<string> | undefined;
}

/** What an orchestrator has in place of nginx. */
export interface OrchestratedProxyArgs {
  readonly proxies: readonly [ProxyPlace, ...ProxyPlace[]];
  readonly declare: (name: string, parent: Resource) => void;
}

/** What a stack declares, besides the rollout. */
export interface Declaration {
  readonly app: AppHostsArgs | OrchestratedHostsArgs;
  readonly nginx: CheckingNginxArgs | OrchestratedProxyArgs;
  /** Finds out what must be known before anything is declared; throws an error that names a setting. */
  preflight(): Promise<Found>;
  /** The part of it that asks nothing of machines, for a preview that can't know where they are. */
  prepare?(): Promise<Found>;
  /** How long that may be repeated if machines made by the same update don't answer yet; not at all by default. */
  readonly waitSeconds?: number;
}

/** What a kind found out before anything is declared. */
export interface Found {
  /** The Docker engine, if everything runs on one, as Pulumi's provider for Docker takes it. */
  readonly engine?: { readonly host?: string; readonly certPath?: string };
}
