import { InvalidInput } from "../common/errors.ts";
import type { AppHost } from "../host/appHost.ts";
import { versionOf } from "./release.ts";

/**
 * Finds a release that every host still keeps, by version or full name. Throws `InvalidInput` that lists the choices if
 * there is none.
 */
export async function findKeptRelease(name: string, hosts: readonly AppHost[]): Promise<string> {
  const perHost = await Promise.all(hosts.map(async (host) => new Set((await host.observe()).releases)));
  const keptByAll = [...(perHost[0] ?? [])].filter((id) => perHost.every((releases) => releases.has(id)));
  const matching = keptByAll.filter((id) => id === name || versionOf(id) === name);
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  if (matching.length > 1) {
    throw new InvalidInput(
      "release",
      `expected a single release, got ${name}, which matches ${matching.join(" and ")}`,
    );
  }
  throw new InvalidInput(
    "release",
    `expected a release that every host keeps (${keptByAll.join(", ") || "there is none"}), got ${name}`,
  );
}
