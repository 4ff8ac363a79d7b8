import { randomUUID } from "node:crypto";
import {
  chmod,
  constants,
  copyFile,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isSystemError, messageOf, RollgateError } from "#rollout/common/errors.ts";
import { hashFile } from "#rollout/release/hashFile.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { archiveName, isReleaseOf } from "#rollout/release/release.ts";
import { surplusReleases } from "#rollout/release/surplusReleases.ts";

const NEVER_RAN = 0;

/**
 * The releases of one host: `releases/<id>/app.jar` (or `app.war`) and the link `current`. A jar is written once
 * and never again, since overwriting the jar of a running JVM breaks its class loading.
 */
export class ReleaseStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  jarOf(id: string): string {
    return join(this.#directory, "releases", id, archiveName(id));
  }

  /** The id of the release whose jar this is, when it lies in this store. */
  idOf(jarPath: string): string | undefined {
    const id = basename(dirname(jarPath));
    return jarPath === this.jarOf(id) ? id : undefined;
  }

  async list(): Promise<string[]> {
    const names = await readdir(join(this.#directory, "releases")).catch((error: unknown) => {
      if (isSystemError(error, "ENOENT")) return [];
      throw error;
    });
    return names.filter((name) => !name.startsWith(".")).sort();
  }

  async current(): Promise<string | undefined> {
    try {
      return basename(await readlink(join(this.#directory, "current")));
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** Copies the jar in under a temporary name, verifies its hash there, and only then gives it its name. */
  async add(id: string, jar: Jar): Promise<void> {
    if (await this.holds(id)) return;
    const temporary = join(this.#directory, "releases", `.${id}.${randomUUID()}`);
    try {
      await mkdir(temporary, { recursive: true, mode: 0o755 });
      const copy = join(temporary, archiveName(id));
      await copyFile(jar.path, copy, constants.COPYFILE_FICLONE);
      const sha256 = await hashFile(copy);
      if (sha256 !== jar.sha256) {
        throw new RollgateError(
          "staged-corrupted",
          `expected ${jar.path} with SHA-256 ${jar.sha256} on the host, got ${sha256}`,
        );
      }
      await chmod(copy, 0o444);
      await utimes(temporary, NEVER_RAN, NEVER_RAN);
      await this.#install(temporary, id);
    } catch (error) {
      if (isSystemError(error, "ENOSPC", "EDQUOT")) {
        throw new RollgateError("disk-full", `no space left for ${id} in ${this.#directory}`, {
          cause: error,
        });
      }
      if (error instanceof RollgateError) throw error;
      throw new RollgateError("staging-failed", `could not stage ${id}: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /** Whether the release is here and its bytes are those that its name promises. */
  async holds(id: string): Promise<boolean> {
    const sha256 = await hashFile(this.jarOf(id)).catch((error: unknown) => {
      if (isSystemError(error, "ENOENT")) return "";
      throw error;
    });
    return isReleaseOf(id, sha256);
  }

  /** Points `current` at a release; a reader sees the old one or the new one, never none. */
  async switchTo(id: string): Promise<void> {
    const now = new Date();
    await utimes(dirname(this.jarOf(id)), now, now);
    const temporary = join(this.#directory, `.current.${randomUUID()}`);
    await symlink(join("releases", id), temporary);
    await rename(temporary, join(this.#directory, "current"));
  }

  /**
   * Removes releases until `keep` are left, first those that never ran, then those that ran longest ago; those
   * in `spared` are never removed. Clears away what an interrupted staging left.
   */
  async prune(keep: number, spared: readonly string[]): Promise<void> {
    await this.#clearInterrupted();
    const surplus = surplusReleases(await this.#lastRunFirst(), keep, spared);
    await Promise.all(surplus.map((id) => rm(dirname(this.jarOf(id)), { recursive: true, force: true })));
  }

  /** The time of a release's folder says when it last became current. */
  async #lastRunFirst(): Promise<string[]> {
    const releases = await Promise.all(
      (await this.list()).map(async (id) => {
        const found = await stat(dirname(this.jarOf(id))).catch(() => undefined);
        return { id, ranAt: found?.mtimeMs ?? 0 };
      }),
    );
    return releases.sort((a, b) => b.ranAt - a.ranAt).map(({ id }) => id);
  }

  async #clearInterrupted(): Promise<void> {
    const folder = join(this.#directory, "releases");
    const names = await readdir(folder).catch(() => []);
    const interrupted = names.filter((name) => name.startsWith("."));
    await Promise.all(interrupted.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  }

  /** Whoever finds a whole release in place, staged by somebody else meanwhile, leaves it. */
  async #install(temporary: string, id: string): Promise<void> {
    const place = dirname(this.jarOf(id));
    for (;;) {
      try {
        return await rename(temporary, place);
      } catch (error) {
        if (!isSystemError(error, "ENOTEMPTY", "EEXIST")) throw error;
      }
      if (await this.holds(id)) return;
      await this.#moveAway(place);
    }
  }

  /** A damaged release is moved away, not overwritten: a JVM may have its jar open. */
  async #moveAway(place: string): Promise<void> {
    const aside = join(this.#directory, "releases", `.damaged.${randomUUID()}`);
    try {
      await rename(place, aside);
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return;
      throw error;
    }
    await rm(aside, { recursive: true, force: true });
  }
}
