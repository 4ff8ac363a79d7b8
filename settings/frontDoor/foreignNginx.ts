import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { type ForeignNginx, plainPath } from "#rollout/request/frontDoor/foreignNginx.ts";
import { parse } from "#rollout/request/validate.ts";
import type { Reader } from "../reader.ts";

/** Settings that name somebody's own nginx. */
const OF_OWNER = ["nginxPidFile", "nginxIncludeDirectory"];
/** Settings that do something only with `nginxMode: include`. */
export const OF_FOREIGN_NGINX = ["nginxDirectory", ...OF_OWNER];
const PID_FILE = "/run/nginx.pid";
const INCLUDE_DIRECTORY = "/etc/nginx/conf.d";

/** The nginx that this stack adds its part to, if it has none of its own. */
export function readForeignNginx(reader: Reader): { readonly foreign?: ForeignNginx } {
  const mode = reader.text("nginxMode");
  const refuse = (keys: readonly string[], because: string) => {
    for (const key of keys) {
      const got = reader.text(key);
      if (got !== "") throw new InvalidInput(key, `expected no value with ${because}, got ${got}`);
    }
  };
  const stack = reader.text("nginxDirectory");
  if (mode === "own") {
    refuse(OF_FOREIGN_NGINX, "nginxMode own");
    return {};
  }
  if (mode !== "include") {
    throw new InvalidInput("nginxMode", `expected own or include, got ${JSON.stringify(mode)}`);
  }
  if (stack !== "") {
    refuse(OF_OWNER, "nginxDirectory");
    parse(z.object({ nginxDirectory: plainPath }), { nginxDirectory: stack });
    return { foreign: { stack } };
  }
  const { nginxPidFile, nginxIncludeDirectory } = parse(
    z.object({ nginxPidFile: plainPath, nginxIncludeDirectory: plainPath }),
    {
      nginxPidFile: reader.text("nginxPidFile") || PID_FILE,
      nginxIncludeDirectory: reader.text("nginxIncludeDirectory") || INCLUDE_DIRECTORY,
    },
  );
  return { foreign: { pidFile: nginxPidFile, includeDirectory: nginxIncludeDirectory } };
}
