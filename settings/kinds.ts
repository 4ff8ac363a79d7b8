import type { Reader } from "./reader.ts";

/** What depends on the kind of a stack; checked with everything else, hence unknown. */
export interface KindSettings {
  readonly hosts: readonly unknown[];
  readonly proxy: Readonly<Record<string, unknown>>;
  /** The container that each host runs in, where there is one. */
  readonly container?: unknown;
}

/** Reads the settings of one kind. */
export type ReadKind = (reader: Reader) => KindSettings;

/** Settings of the kind `ssh` that have a default, and no effect on the others. */
export const SSH_DEFAULTS = ["sshSupervisor", "sshProvision", "javaPackage", "nginxPackage"];
