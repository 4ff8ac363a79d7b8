/** Where one nginx finds what its status page shows of rolls. */
export interface StatusFile {
  /** For messages. */
  readonly name: string;
  /** What was written last; `undefined` if nothing was. */
  read(): Promise<string | undefined>;
  /** Readers see the old text or the new one. */
  write(text: string): Promise<void>;
}
