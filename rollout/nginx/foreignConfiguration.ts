import type { NginxConfiguration } from "./nginxConfiguration.ts";

/** Our part of an nginx that is not ours: what its `http` block includes, and what a server block does, if any. */
export interface ForeignParts {
  readonly http: string;
  readonly site?: string;
}

/** The names of our files in the folder that nginx includes. */
export const [HTTP_FILE, SITE_FILE] = ["http.conf", "server.conf"];

const BETWEEN = "\n# In the server block:\n";

/** Our part as one text, as a preview shows it. */
export function foreignText({ http, site }: ForeignParts): string {
  return site === undefined ? http : `${http}${BETWEEN}${site}`;
}

/** A part of a configuration of a foreign nginx, with its files. */
export function foreignConfiguration(
  parts: ForeignParts,
  { fingerprint, files }: Pick<NginxConfiguration, "fingerprint" | "files">,
): NginxConfiguration {
  const { http, site } = parts;
  const own = [
    { name: HTTP_FILE, text: http },
    ...(site === undefined ? [] : [{ name: SITE_FILE, text: site }]),
  ];
  return { text: foreignText(parts), fingerprint, files: [...own, ...files] };
}
