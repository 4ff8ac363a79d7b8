import type Docker from "dockerode";
import { z } from "zod";
import { RollgateError } from "#rollout/common/errors.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import { isDockerError } from "./containerMachine.ts";

/** Empty if the engine has none; `total_inactive_file` is the name in cgroup v1. */
const memoryStats = z.object({
  usage: z.number(),
  stats: z.object({ total_inactive_file: z.number().optional(), inactive_file: z.number().default(0) }),
});

/** The memory that a running container uses, as `docker stats` shows it: without the cache that it would give back. */
export async function usedBytes(container: Docker.Container): Promise<number | undefined> {
  const { memory_stats } = await container.stats({ stream: false, "one-shot": true });
  const { data } = memoryStats.safeParse(memory_stats);
  if (!data) return residentBytes(container);
  return data.usage - (data.stats.total_inactive_file ?? data.stats.inactive_file);
}

/** A rootless engine, for one, may have no statistics, but it can list the processes. */
async function residentBytes(container: Docker.Container): Promise<number | undefined> {
  try {
    const { Processes } = await container.top({ ps_args: "-o pid,rss" });
    const kilobytes = z.array(z.tuple([z.string(), z.coerce.number()])).parse(Processes);
    return kilobytes.reduce((sum, [, each]) => sum + each * 1024, 0);
  } catch (error) {
    // It has stopped, or the engine's `ps` has no such column.
    if (isDockerError(error, 404, 409, 500)) return undefined;
    throw error;
  }
}

/** The memory that is free on a container's machine, which its own `/proc/meminfo` describes. */
export async function availableBytes(machine: Pick<Machine, "run">): Promise<number> {
  const table = await machine.run("cat /proc/meminfo", []);
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(table)?.[1];
  if (kilobytes === undefined) throw new RollgateError("no-memory", "expected MemAvailable in /proc/meminfo");
  return Number(kilobytes) * 1024;
}
