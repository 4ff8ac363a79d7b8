import type { AppHost } from "../host/appHost.ts";
import { launchChanges } from "../host/launchChanges.ts";

/** Describes how two ways to start the same release differ. Never throws. */
export async function describeLaunchChange(host: AppHost, before: string, after: string): Promise<string> {
  try {
    const [old, next] = await Promise.all([host.recallLaunch(before), host.recallLaunch(after)]);
    const names = old && next ? launchChanges(old, next) : [];
    if (names.length > 0) return `started with other ${new Intl.ListFormat("en").format(names)}`;
  } catch {
    // This only adds detail to the failure message.
  }
  return "started with other options";
}
