import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { LastSeen, Seen } from "#rollout/host/lastSeen.ts";

/** A slot and a release. */
const SEEN = /^(first|second) (\S+)$/;

/** Remembers in a file of this machine what a host was last seen to run, and in which slot. */
export class LastSeenFile implements LastSeen {
  readonly #place: () => string | undefined;
  #written = "";

  /** `place` says where the file is, as long as there may be one. */
  constructor(place: () => string | undefined) {
    this.#place = place;
  }

  async recall(): Promise<Seen | undefined> {
    const file = this.#place();
    this.#written = file === undefined ? "" : await readFile(file, "utf8").catch(() => "");
    const [, slot, release] = SEEN.exec(this.#written) ?? [];
    if (release === undefined) return undefined;
    return { slot: slot === "first" ? slot : "second", release };
  }

  async remember({ slot, release }: Seen): Promise<void> {
    const file = this.#place();
    const text = `${slot} ${release}`;
    if (file === undefined || text === this.#written) return;
    this.#written = text;
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, text);
    } catch {
      // Whoever asks next has to wait for one more answer.
    }
  }
}
