/** What one flavour puts into `nginx.conf`, by the block that it goes into, and the files that it needs beside it. */
export interface FlavourLines {
  /** Before everything else. */
  readonly main: string;
  readonly http: string;
  /** At the end of the upstream of all hosts. */
  readonly checks: string;
  /** Whether nginx's own failover takes a host out of the upstream of all hosts, and out of those that lack some. */
  readonly failover: { readonly all: boolean; readonly smaller: boolean };
  /** The variable that names the upstream of a request, or `none`. */
  readonly pool: string;
  /** What a client is told when there is none; may be a variable. */
  readonly outage: string;
  /** Before the locations. */
  readonly server: string;
  /** What answers in `/status`. */
  readonly status: string;
  readonly files: readonly ConfigurationFile[];
}

/** A file beside `nginx.conf`. */
export interface ConfigurationFile {
  readonly name: string;
  readonly text: string;
}
