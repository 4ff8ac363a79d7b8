import { settingIn } from "../change.ts";
import type { Placed } from "../placed.ts";
import { askOrKeep, removeFrom } from "./lostServer.ts";
import { nameOf, unitsOf } from "./provisionPlace.ts";
import { identityOf, isSameServer } from "./sameServer.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";

/** What app hosts and nginx on servers have in common; another spelling of a server is not another server. */
export function placedOnServer(placeOf: (inputs: object) => SshHostDescriptor | SshProxyDescriptor) {
  return {
    asked: "server",
    place: ["directory", "supervisor", "unit"],
    moved: async ({ olds, news }) => {
      const before = { ...placeOf(olds), identity: settingIn(olds, "identity") };
      return (await isSameServer(before, placeOf(news))) ? [] : ["server"];
    },
    askOrKeep: (inputs, ask, kept) => askOrKeep(nameOf(placeOf(inputs)), ask, kept),
    removeOrLeave: (inputs, remove) => {
      const place = placeOf(inputs);
      const what = "name" in place ? "the application" : "nginx";
      return removeFrom(place, nameOf(place), `${what} (${unitsOf(place)}) and ${place.directory}`, remove);
    },
    outputs: async (inputs) => ({ identity: await identityOf(placeOf(inputs)) }),
  } satisfies Partial<Placed<unknown, { close(): Promise<void> }>>;
}
