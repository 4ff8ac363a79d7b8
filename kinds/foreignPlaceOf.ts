import { join } from "node:path";
import type { ForeignPlace } from "#rollout/nginx/foreignPlace.ts";
import type { NginxPlace } from "#rollout/nginx/machineNginxAccess.ts";
import type { ForeignNginx } from "#rollout/request/frontDoor/foreignNginx.ts";

/** The folders of an nginx of ours in which other stacks put the files that include theirs. */
export const [HTTP_FOLDER, SITE_FOLDER] = ["conf.d", "locations"];

/** Where an nginx that is not this stack's is, and how its files get ours. */
export function foreignPlaceOf(
  place: NginxPlace,
  foreign: ForeignNginx,
  how: Pick<ForeignPlace, "executable" | "means">,
): ForeignPlace {
  return {
    ...place,
    ...how,
    name: attachmentName(place.directory),
    ...("stack" in foreign
      ? {
          owner: foreign.stack,
          master: foreign.stack,
          httpFolder: join(foreign.stack, HTTP_FOLDER),
          siteFolder: join(foreign.stack, SITE_FOLDER),
        }
      : { master: foreign.pidFile, httpFolder: foreign.includeDirectory }),
  };
}

/** The name of the files that include those of a folder, without `.conf`. */
export function attachmentName(directory: string): string {
  return `rollgate${directory.replaceAll(/[^A-Za-z0-9]+/g, "-")}`;
}
