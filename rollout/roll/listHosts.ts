import { shortened } from "../common/shortened.ts";

/** `app-1, app-2, and app-3`; of many hosts, the first few and how many more there are. */
export function listHosts(names: readonly string[]): string {
  return new Intl.ListFormat("en").format(shortened(names));
}
