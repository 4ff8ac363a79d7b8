import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { LastSeen, WhichSlot } from "#rollout/host/lastSeen.ts";

/** Remembers in a file of this machine in which slot a host was last seen to run something. */
export class LastSeenFile implements LastSeen {
  readonly #place: () => string | undefined;
  #written: WhichSlot | undefined;

  /** `place` says where the file is, as long as there may be one. */
  constructor(place: () => string | undefined) {
    this.#place = place;
  }

  async recall(): Promise<WhichSlot | undefined> {
    const file = this.#place();
    const text = file === undefined ? "" : await readFile(file, "utf8").catch(() => "");
    this.#written = text === "first" || text === "second" ? text : undefined;
    return this.#written;
  }

  async remember(slot: WhichSlot): Promise<void> {
    const file = this.#place();
    if (file === undefined || slot === this.#written) return;
    this.#written = slot;
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, slot);
    } catch {
      // Whoever asks next has to wait for one more answer.
    }
  }
}
