import type { NginxSettings } from "../nginxSettings.ts";

/** For a location: sets back what a foreign configuration may have set above, and what would break our promises. */
export function isolation({ isForeign }: Pick<NginxSettings, "isForeign">): string {
  if (!isForeign) return "";
  return `    # Flags are files that must be seen at once.
    open_file_cache off;
    proxy_intercept_errors off;
    proxy_ignore_client_abort off;
    proxy_next_upstream error timeout;
    proxy_next_upstream_timeout 0;
    proxy_cache off;
    proxy_store off;
    proxy_redirect off;
    proxy_pass_request_headers on;
    proxy_pass_request_body on;
`;
}
