import type { AppHost } from "../host/appHost.ts";
import { launchChanges } from "../host/launchChanges.ts";

/** How two ways differ in which a host started, or was to start, one and the same release. Never throws. */
export async function describeLaunchChange(host: AppHost, before: string, after: string): Promise<string> {
  try {
    const [old, next] = await Promise.all([host.recallLaunch(before), host.recallLaunch(after)]);
    const names = old && next ? launchChanges(old, next) : [];
    if (names.length > 0) return `started with other ${new Intl.ListFormat("en").format(names)}`;
  } catch {
    // It only adds to the message about what failed.
  }
  return "started in another way";
}
