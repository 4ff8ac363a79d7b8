import type { Analysis } from "#rollout/request/analysis.ts";
import type { AnalysisCheck } from "#rollout/request/analysisChecks.ts";
import type { AccessLog } from "#rollout/request/frontDoor/accessLog.ts";
import type { TlsInputs } from "#rollout/request/frontDoor/tls.ts";
import type { Hook, HookPoint } from "#rollout/request/hooks.ts";
import type { Webhook } from "#rollout/request/notify.ts";
import type { ProbeTraffic } from "#rollout/request/probeTraffic.ts";
import type { WarmUp } from "#rollout/request/warmUp.ts";

/** The fields that must be given; all others have defaults. */
type Needs<Whole, Key extends keyof Whole> = Pick<Whole, Key> & Partial<Omit<Whole, Key>>;

/** An app host. Which fields it may have depends on the kind; `hosts` says which, and their defaults. */
export interface HostSettings {
  readonly name: string;
  /** Where the application listens. */
  readonly address?: string;
  readonly port?: number;
  readonly healthPort?: number;
  /** ssh: how to reach it, such as `deploy@app-1.example.com`. */
  readonly server?: string;
  /** ssh: its public host key, if that is not in known_hosts. */
  readonly hostKey?: string;
  /** Where a new JVM starts beside the old one; 0 leaves it out. */
  readonly secondPort?: number;
  readonly secondHealthPort?: number;
  /** docker: where a new container starts beside the old one. */
  readonly secondAddress?: string;
  /** Such as a rack; hosts of different zones are never rolled side by side. */
  readonly zone?: string;
  /** These three are added to the common ones, and win over them. */
  readonly jvmOptions?: readonly string[];
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number | boolean>>;
}

/** One of several nginx. */
export interface NginxServerSettings {
  /** ssh: how to reach it, such as `deploy@web-1.example.com`. */
  readonly server?: string;
  /** ssh: its public host key, if that is not in known_hosts. */
  readonly hostKey?: string;
  readonly address?: string;
  readonly port?: number;
  readonly controlPort?: number;
}

/** Hosts that run another jar than the others; on Kubernetes, how many pods. */
export interface CanarySettings {
  /** On all kinds but kubernetes. */
  readonly hosts?: readonly string[];
  readonly jar?: string;
  /** kubernetes: in place of a jar. */
  readonly image?: string;
  /** kubernetes: 1 by default. */
  readonly replicas?: number;
  readonly version?: string;
  readonly traffic?: "share" | "testers";
  readonly soakSeconds?: number;
}

/** How clients reach the pods of a cluster. */
export type ExposeSettings = {
  /** Of the Service; 80 by default. */
  readonly port?: number;
  /** Of what requests come in by. */
  readonly annotations?: Readonly<Record<string, string>>;
} & (
  | { readonly type: "cluster-ip" | "load-balancer" }
  /** The cluster chooses the port of its nodes unless it is given. */
  | { readonly type: "node-port"; readonly nodePort?: number }
  | { readonly type: "ingress"; readonly className?: string; readonly tlsSecret?: string }
  | {
      readonly type: "gateway";
      readonly gateway: string;
      readonly gatewayNamespace?: string;
      readonly https?: boolean;
    }
);

export type TlsSettings = Needs<TlsInputs, "certificate" | "key">;
export type AccessLogSettings = Needs<AccessLog, "format"> | { readonly format: "off" };
export type WarmUpSettings = Needs<WarmUp, "paths">;
export type ProbeTrafficSettings = Needs<ProbeTraffic, "path">;
export type AnalysisSettings = Partial<Analysis> & { readonly checks?: readonly Partial<AnalysisCheck>[] };
export type WebhookSettings = Needs<Webhook, "url">;

type HookSettings = Needs<Hook, "command">;
export type HooksSettings = { readonly [Point in HookPoint]?: HookSettings | readonly HookSettings[] };
