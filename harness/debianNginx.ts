import type { DebianRecipe } from "./debianRoot.ts";

/**
 * Debian 13's nginx with its JavaScript module, laid out as the official image is: the account of the workers
 * is called nginx, and the logs go to the container's.
 */
export const DEBIAN_NGINX: DebianRecipe = {
  name: "nginx",
  suite: "trixie",
  packages: ["nginx", "libnginx-mod-http-js", "curl"],
  finish: `
    groupadd --system --gid 101 nginx
    useradd --system --uid 101 --gid nginx --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin nginx
    ln -sf /dev/stdout /var/log/nginx/access.log
    ln -sf /dev/stderr /var/log/nginx/error.log
  `,
};
