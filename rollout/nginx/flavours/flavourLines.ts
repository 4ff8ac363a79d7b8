/** What a flavour adds to `nginx.conf`, by block, and the files it needs next to it. */
export interface FlavourLines {
  /** At the top of the file. */
  readonly main: string;
  readonly http: string;
  /** At the end of the upstream with all hosts. */
  readonly checks: string;
  /** Whether nginx's passive failover is on in the upstream with all hosts, and in the smaller ones. */
  readonly failover: { readonly all: boolean; readonly smaller: boolean };
  /** The variable that names the upstream of a request, or `none`. */
  readonly pool: string;
  /** What a client is told if there is none; may be a variable. */
  readonly outage: string;
  /** Before the locations. */
  readonly server: string;
  /** Answers `/status`. */
  readonly status: string;
  readonly files: readonly ConfigurationFile[];
}

/** A file next to `nginx.conf`. */
export interface ConfigurationFile {
  readonly name: string;
  readonly text: string;
}
