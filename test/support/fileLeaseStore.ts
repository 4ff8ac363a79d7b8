import { randomUUID } from "node:crypto";
import { access, link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isSystemError } from "#rollout/common/errors.ts";
import type { LeaseRecord, LeaseStore, Renewal } from "#rollout/lease/lease.ts";
import { readProcess } from "../../harness/processTable.ts";

const leaseRecord = z.object({
  owner: z.string(),
  since: z.string(),
  beat: z.number(),
  released: z.boolean(),
  pid: z.number(),
  startTicks: z.string(),
});

/** Leases in local files, for tests of their users. */
export class FileLeaseStore implements LeaseStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async newest() {
    for (;;) {
      const generation = (await this.#generations()).at(-1);
      if (generation === undefined) return undefined;
      try {
        const record = leaseRecord.parse(JSON.parse(await readFile(this.#file(generation), "utf8")));
        return { generation, record };
      } catch (error) {
        // Removed by a newer owner in between.
        if (!isSystemError(error, "ENOENT")) throw error;
      }
    }
  }

  /** Links a complete file, so that nobody can read half a record; fails if the name is taken. */
  async claim(generation: number, record: LeaseRecord): Promise<boolean> {
    await mkdir(this.#directory, { recursive: true, mode: 0o755 });
    if (((await this.#generations()).at(-1) ?? 0) > generation) return false;
    const temporary = await this.#writeTemporary(record);
    try {
      await link(temporary, this.#file(generation));
      await this.#forgetBefore(generation);
      await rm(join(this.#directory, "stop"), { force: true });
      return true;
    } catch (error) {
      if (isSystemError(error, "EEXIST")) return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async renew(generation: number, record: LeaseRecord): Promise<Renewal> {
    const newest = await this.newest();
    if (newest?.generation !== generation) return { isHeld: false, holder: newest?.record };
    await rename(await this.#writeTemporary(record), this.#file(generation));
    const stopRequested = await access(join(this.#directory, "stop")).then(
      () => true,
      () => false,
    );
    return { isHeld: true, stopRequested };
  }

  async #forgetBefore(generation: number): Promise<void> {
    const over = (await this.#generations()).filter((candidate) => candidate < generation);
    await Promise.all(over.map((candidate) => rm(this.#file(candidate), { force: true })));
  }

  async isGone(record: LeaseRecord): Promise<boolean> {
    const { pid, startTicks } = leaseRecord.parse(record);
    return (await readProcess(pid))?.startTicks !== startTicks;
  }

  async #writeTemporary(record: LeaseRecord): Promise<string> {
    const owner = await readProcess(process.pid);
    const temporary = join(this.#directory, `.${randomUUID()}`);
    const text = JSON.stringify({ ...record, pid: process.pid, startTicks: owner?.startTicks ?? "" });
    await writeFile(temporary, text, { mode: 0o644 });
    return temporary;
  }

  async #generations(): Promise<number[]> {
    const names = await readdir(this.#directory).catch((error: unknown) => {
      if (isSystemError(error, "ENOENT")) return [];
      throw error;
    });
    return names
      .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  #file(generation: number): string {
    return join(this.#directory, `${generation}.json`);
  }
}
