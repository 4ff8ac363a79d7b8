import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "#rollout/common/errors.ts";
import { type LaunchSpec, launchSpec } from "#rollout/host/launchSpec.ts";

const KEPT = 5;

/**
 * The ways in which a host has started its application, by fingerprint: a host that goes back to an earlier
 * release goes back to the options and the environment it had, too. The files hold secrets: 0600.
 */
export class LaunchStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async remember(fingerprint: string, spec: LaunchSpec): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const temporary = join(this.#directory, `.${fingerprint}`);
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(JSON.stringify(spec));
    } finally {
      await file.close();
    }
    await rename(temporary, this.#file(fingerprint));
  }

  /** `undefined` when the host never started anything that way, or has forgotten it. */
  async recall(fingerprint: string): Promise<LaunchSpec | undefined> {
    try {
      return launchSpec.parse(JSON.parse(await readFile(this.#file(fingerprint), "utf8")));
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** Forgets the oldest; never those in `spared`. */
  async prune(spared: readonly string[]): Promise<void> {
    const names = await readdir(this.#directory).catch(() => []);
    const fingerprints = names.flatMap((name) => /^([^.].*)\.json$/.exec(name)?.[1] ?? []);
    const dated = await Promise.all(
      fingerprints.map(async (fingerprint) => ({
        fingerprint,
        at: (await stat(this.#file(fingerprint))).mtimeMs,
      })),
    );
    const surplus = dated.sort((a, b) => b.at - a.at).slice(KEPT);
    const forgotten = surplus.filter(({ fingerprint }) => !spared.includes(fingerprint));
    await Promise.all(forgotten.map(({ fingerprint }) => rm(this.#file(fingerprint), { force: true })));
  }

  #file(fingerprint: string): string {
    return join(this.#directory, `${fingerprint}.json`);
  }
}
