import type { Jar } from "../release/jar.ts";

/** What to roll to: a jar, or just the name of a release that all hosts keep. */
export interface DesiredRelease {
  readonly release: string;
  readonly jar?: Jar | undefined;
  /** What some of the hosts get instead. */
  readonly canary?: DesiredCanary;
}

/** Hosts that get another release. */
export interface DesiredCanary {
  readonly hosts: readonly string[];
  readonly release: string;
  readonly jar: Jar;
  readonly soakSeconds?: number;
}

/** What one host is to run. */
export interface Target {
  readonly release: string;
  readonly jar?: Jar | undefined;
  /** Its own soak, if it has one. */
  readonly soakSeconds?: number | undefined;
}

/** What a host is to run, by its name. */
export function targetOf({ canary, ...all }: DesiredRelease, host: string): Target {
  return canary?.hosts.includes(host) ? canary : all;
}
