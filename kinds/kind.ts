import type { z } from "zod";
import type { Jar } from "#rollout/release/jar.ts";
import type { LaunchOptions } from "#rollout/request/launch.ts";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { Fleet } from "#rollout/roll/roll.ts";
import type { CanarySettings } from "../settings/canary.ts";
import type { Reader } from "../settings/reader.ts";
import type { Declaration } from "./declaration.ts";
import type { HostKind } from "./hostKind.ts";
import type { NginxKind } from "./nginxKind.ts";
import type { Orchestrator } from "./orchestrator.ts";
import type { ServingInputs } from "./servingInputs.ts";

/** A kind of host, rolled either by us or by its own orchestrator: all that the rest of the program knows about it. */
export type Kind = MachineKind | OrchestratedKind;

/** Hosts and nginx on machines, which we roll. */
export interface MachineKind extends AnyKind {
  /** How its hosts and its nginx are identified and reached. */
  hosts(): Promise<HostKind>;
  nginx(): Promise<NginxKind>;
  /** Opens the hosts and nginx of a request, which are all of this kind. */
  openFleet(request: FleetRequest): Promise<OpenFleet>;
}

/** Hosts that their own orchestrator rolls, such as Kubernetes. */
export interface OrchestratedKind extends AnyKind {
  openOrchestrator(request: FleetRequest): Promise<Orchestrator>;
}

interface AnyKind {
  /** The schemas of a host and of nginx in a request. */
  readonly host: z.ZodObject & z.ZodType<HostPlace, HostPlace>;
  readonly proxy: z.ZodObject & z.ZodType<ProxyPlace, ProxyPlace>;
  /** Identifies the machine on which a host or nginx occupies its port. */
  machineOf(place: HostPlace | ProxyPlace): unknown;
  readSettings(reader: Reader): Promise<KindSettings>;
  /** Settings that only this kind has, whose values are empty by default. */
  readonly ownSettings?: readonly string[];
  /** Resolves Java, if it is looked up on the deployer's machine; `known` is the path found before. */
  withJava?(launch: RollRequest["launch"], known: string | undefined): RollRequest["launch"];
}

/** A fleet that must be closed after use. */
export interface OpenFleet extends Fleet {
  close(): Promise<void>;
}

/** The part of a request that says where a fleet is and how it is started. */
export type FleetRequest = Pick<RollRequest, "health" | "startupCache" | "image" | "canary"> &
  LaunchOptions & {
    readonly hosts: readonly HostPlace[];
    readonly proxies: readonly [ProxyPlace, ...ProxyPlace[]];
  };

/** The settings of a kind, read without any I/O. */
export interface KindSettings {
  /** Validated later with the whole request, hence unknown. */
  readonly hosts: readonly unknown[];
  readonly proxies: readonly Readonly<Record<string, unknown>>[];
  /** The container that each host runs in, if any. */
  readonly container?: unknown;
  /** What the hosts run, if that is not the jar of the settings. */
  readonly jar?: Jar;
  /** What gets another release, if that is no list of hosts; `undefined` if nothing does. */
  readonly canary?: CanarySettings | undefined;
  /** What this kind decides by itself, in place of the settings. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** The setting to blame for a path in the request, if that differs from other kinds. */
  settingOf?(property: string): string | undefined;
  /** What to declare, once the whole request is valid. */
  declare(request: Checked, serving: unknown): Declaration;
}

/** A valid request, without what is read from the jar. */
export type Checked = Omit<RollRequest, "jar" | "release">;

/** The hosts, for nginx. */
export function poolOf({ hosts }: Checked): ServingInputs["hosts"] {
  return hosts.map(({ name, address, port, healthPort, second }) => ({
    name,
    address,
    port,
    ...(healthPort !== undefined && { healthPort }),
    ...(second && { second }),
  }));
}

/** Settings of the kind `ssh` that always have a default. */
export const SSH_DEFAULTS = [
  "sshHostKeys",
  "sshWaitSeconds",
  "sshSupervisor",
  "sshProvision",
  "javaPackage",
  "nginxPackage",
];
