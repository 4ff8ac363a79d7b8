import type { NginxAccess } from "#rollout/nginx/nginxAccess.ts";

/** What can be asked through nginx. */
export type AsksNginx = Pick<NginxAccess, "get">;

/** Asks through one of several nginx, and through the next one if it doesn't answer. */
export function askAny(each: readonly [AsksNginx, ...AsksNginx[]]): AsksNginx {
  let preferred = 0;
  return {
    async get(path, signal) {
      for (let asked = 0; ; asked++) {
        const index = preferred;
        try {
          return await (each[index] ?? each[0]).get(path, signal);
        } catch (error) {
          // The next question goes there at once, even if it was cut off while this one waited for its container.
          if (preferred === index) preferred = (index + 1) % each.length;
          if (signal.aborted || asked === each.length - 1) throw error;
        }
      }
    },
  };
}
