import type { PortOwner } from "#rollout/host/appHost.ts";
import type { Supervisor } from "#rollout/host/supervisor.ts";
import { integer } from "#rollout/request/fields.ts";
import type { HostPlace } from "#rollout/request/places.ts";
import type { Change, Values } from "./change.ts";
import type { Placed } from "./placed.ts";

/** What the program says of a host beside where it is. */
export const keptInputs = {
  /** How long the application may take to stop when the host is deleted. */
  graceSeconds: integer(0, 3600),
};
export type HostInputs = HostPlace & { readonly graceSeconds: number };

/** The app hosts of one kind. */
export interface HostKind extends Placed<HostInputs, OpenHost> {
  /**
   * What has to be known of the world before the host itself can be asked: gives the inputs, completed by what was
   * found out. Throws `InvalidInput` where a setting is wrong; changes nothing.
   */
  prepare?(change: Change): Promise<Values>;
}

/** An app host, and the way to let go of what was opened to reach it. */
export interface OpenHost {
  readonly id: string;
  readonly supervisor: Pick<Supervisor, "running" | "stop">;
  /** Who has its ports. */
  portOwner(): Promise<PortOwner>;
  /** Makes what has to be there before a roll; what is there already is adopted as it is. */
  make?(): Promise<void>;
  /** Whether what a host keeps between rolls is there. */
  isThere(): Promise<boolean>;
  /** Removes what is ours; gives the place of what the application wrote, which is left. */
  removeFiles(): Promise<string | undefined>;
  close(): Promise<void>;
}
