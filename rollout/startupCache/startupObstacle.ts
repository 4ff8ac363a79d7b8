import type { AppHost } from "../host/appHost.ts";
import type { RollRequest } from "../request/rollRequest.ts";
import { isExtractable } from "./isExtractable.ts";

/** Why every host would start the release as it is, although the settings want a startup cache. */
export async function startupObstacle(
  hosts: readonly Pick<AppHost, "startupCache">[],
  { startupCache, jar }: Pick<RollRequest, "startupCache" | "jar">,
): Promise<string | undefined> {
  if (startupCache === undefined) return undefined;
  if (!hosts.some((host) => host.startupCache))
    return "without a startup cache, which these hosts can't have yet";
  if (jar === undefined || (await isExtractable(jar.path))) return undefined;
  return "without a startup cache, since the release is no jar of Spring Boot 3.3 or later";
}
