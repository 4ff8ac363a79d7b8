import { join } from "node:path";
import type { ForeignPlace } from "#rollout/nginx/foreignPlace.ts";
import type { NginxPlace } from "#rollout/nginx/machineNginxAccess.ts";
import type { ForeignNginx } from "#rollout/request/frontDoor/foreignNginx.ts";

/** Where an nginx that is not this stack's is, and how its files get ours. */
export function foreignPlaceOf(
  place: NginxPlace,
  foreign: ForeignNginx,
  how: Pick<ForeignPlace, "executable" | "means">,
): ForeignPlace {
  return {
    ...place,
    ...how,
    ...attachedTo(place.directory, foreign),
    ...("stack" in foreign ? { owner: foreign.stack, master: foreign.stack } : { master: foreign.pidFile }),
  };
}

/** How the files of an nginx get those of our folder. */
export function attachedTo(
  directory: string,
  foreign: ForeignNginx,
): Pick<ForeignPlace, "directory" | "httpFolder" | "siteFolder" | "name"> {
  const name = `rollgate${directory.replaceAll(/[^A-Za-z0-9]+/g, "-")}`;
  if (!("stack" in foreign)) return { directory, name, httpFolder: foreign.includeDirectory };
  const { stack } = foreign;
  return { directory, name, httpFolder: join(stack, "conf.d"), siteFolder: join(stack, "locations") };
}
