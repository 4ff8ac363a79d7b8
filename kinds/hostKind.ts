import type { PortOwner } from "#rollout/host/appHost.ts";
import type { Supervisor } from "#rollout/host/supervisor.ts";
import { integer } from "#rollout/request/fields.ts";
import type { HostPlace } from "#rollout/request/places.ts";
import type { Change, Values } from "./change.ts";
import type { Placed } from "./placed.ts";

/** The inputs of a host besides its place. */
export const keptInputs = {
  /** How long the application may take to stop when the host is deleted. */
  graceSeconds: integer(0, 3600),
};
export type HostInputs = HostPlace & { readonly graceSeconds: number };

/** The app hosts of one kind. */
export interface HostKind extends Placed<HostInputs, OpenHost> {
  /**
   * Finds out what must be known before the host itself can be asked, and returns the completed inputs. Throws
   * `InvalidInput` if a setting is wrong; changes nothing.
   */
  prepare?(change: Change): Promise<Values>;
}

/** An app host that must be closed after use. */
export interface OpenHost {
  readonly id: string;
  /** Those of its slots, the first slot's first. */
  readonly supervisors: readonly Pick<Supervisor, "running" | "stop">[];
  /** Which process has its ports. */
  portOwner(): Promise<PortOwner>;
  /** Creates what a roll needs; what exists is adopted. */
  make?(): Promise<void>;
  /** Whether the files that a host keeps between rolls exist. */
  isThere(): Promise<boolean>;
  /** Removes our files; returns where the application's own files are kept. */
  removeFiles(): Promise<string | undefined>;
  close(): Promise<void>;
}
