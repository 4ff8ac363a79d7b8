import type { z } from "zod";
import type { LaunchOptions } from "#rollout/request/launch.ts";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { Fleet } from "#rollout/roll/roll.ts";
import type { Reader } from "../settings/reader.ts";
import type { Declaration } from "./declaration.ts";
import type { HostKind } from "./hostKind.ts";
import type { NginxKind } from "./nginxKind.ts";
import type { Orchestrator } from "./orchestrator.ts";
import type { ServingInputs } from "./servingInputs.ts";

/** A kind of host: all that the rest of the program knows of it. Either our engine rolls it, or an engine of its own. */
export type Kind = MachineKind | OrchestratedKind;

/** Hosts and nginx on machines, over which our engine rolls. */
export interface MachineKind extends AnyKind {
  /** How its hosts and its nginx are told from others and reached. */
  hosts(): Promise<HostKind>;
  nginx(): Promise<NginxKind>;
  /** The drivers for the hosts and nginx of a request, which are all of this kind. */
  openFleet(request: FleetRequest): Promise<OpenFleet>;
}

/** Hosts over which an engine of their own rolls, such as Kubernetes. */
export interface OrchestratedKind extends AnyKind {
  openOrchestrator(request: FleetRequest): Promise<Orchestrator>;
}

interface AnyKind {
  /** What a request says of a host, and of nginx. */
  readonly host: z.ZodObject & z.ZodType<HostPlace, HostPlace>;
  readonly proxy: z.ZodObject & z.ZodType<ProxyPlace, ProxyPlace>;
  /** What stands for the machine on which a host or nginx takes up its port. */
  machineOf(place: HostPlace | ProxyPlace): unknown;
  readSettings(reader: Reader): Promise<KindSettings>;
  /**
   * How applications are started, with its Java found where that is looked up on the deployer's machine; what was found
   * before is `known`.
   */
  withJava?(launch: RollRequest["launch"], known: string | undefined): RollRequest["launch"];
}

/** A fleet, and the way to let go of what was opened to reach it. */
export interface OpenFleet extends Fleet {
  close(): Promise<void>;
}

/** What tells where a fleet is and how it is started. */
export type FleetRequest = Pick<RollRequest, "health"> &
  LaunchOptions & { readonly hosts: readonly HostPlace[]; readonly proxy: ProxyPlace };

/** What the settings of a kind come to, without any I/O. */
export interface KindSettings {
  /** Checked with everything else, hence unknown. */
  readonly hosts: readonly unknown[];
  readonly proxy: Readonly<Record<string, unknown>>;
  /** The container that each host runs in, where there is one. */
  readonly container?: unknown;
  /** What the stack is made of, once the request as a whole is known to be right. */
  declare(request: Checked, serving: unknown): Declaration;
}

/** A request that is right, apart from what only the jar can tell. */
export type Checked = Omit<RollRequest, "jar" | "release">;

/** The hosts as nginx is told of them. */
export function poolOf({ hosts }: Checked): ServingInputs["hosts"] {
  return hosts.map(({ name, address, port, healthPort }) => ({
    name,
    address,
    port,
    ...(healthPort !== undefined && { healthPort }),
  }));
}

/** Settings of the kind `ssh` that have a default, and no effect on the others. */
export const SSH_DEFAULTS = ["sshSupervisor", "sshProvision", "javaPackage", "nginxPackage"];
