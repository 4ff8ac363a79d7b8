import { messageOf } from "../common/errors.ts";
import type { Flavour } from "../request/rollRequest.ts";
import { type NginxBuild, readBuild } from "./nginxBuild.ts";

/** What an nginx supports. */
export interface NginxAbilities {
  /** The best one first; `stock` is always there. */
  readonly flavours: readonly [Flavour, ...Flavour[]];
  /** The file of the JavaScript module, if nginx must load it. */
  readonly njsModule?: string;
  readonly build: NginxBuild;
}

const MODULE_DIRECTORIES = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"];
/** nginx's errors for an unknown directive, a missing module, and a module built for another nginx. */
const CANNOT = /unknown directive|dlopen\(\)|not binary compatible/;

/**
 * Finds out by testing configurations, because `nginx -V` doesn't list the modules that could be loaded.
 * `versionOutput` is the output of `nginx -V`; `test` runs `nginx -t` on a configuration, with a writable prefix, and
 * throws nginx's own message if it is rejected.
 */
export async function nginxAbilities(
  versionOutput: string,
  test: (configuration: string) => Promise<void>,
): Promise<NginxAbilities> {
  const accepts = (configuration: string) =>
    test(configuration).then(
      () => true,
      (error: unknown) => {
        if (CANNOT.test(messageOf(error))) return false;
        throw error;
      },
    );
  const others: [Flavour, ...Flavour[]] = (await accepts(CHECK_MODULE))
    ? ["check-module", "stock"]
    : ["stock"];
  const build = readBuild(versionOutput);
  if (await accepts(withJavaScript())) return { flavours: ["njs", ...others], build };
  for (const njsModule of moduleFiles(versionOutput)) {
    if (await accepts(withJavaScript(njsModule))) return { flavours: ["njs", ...others], njsModule, build };
  }
  return { flavours: others, build };
}

/** Where the JavaScript module may be, most likely first. */
export function moduleFiles(versionOutput: string): string[] {
  const own = /--modules-path=(\S+)/.exec(versionOutput)?.[1];
  const directories = new Set(own ? [own, ...MODULE_DIRECTORIES] : MODULE_DIRECTORIES);
  return [...directories].map((directory) => `${directory}/ngx_http_js_module.so`);
}

/** Uses only files under nginx's prefix, because the user may not be able to write elsewhere. */
export function probe(main: string, http: string, folder = ""): string {
  return `${main}pid ${folder}probe.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path ${folder}body;
    proxy_temp_path ${folder}proxy;
    fastcgi_temp_path ${folder}fastcgi;
    uwsgi_temp_path ${folder}uwsgi;
    scgi_temp_path ${folder}scgi;
    ${http}
}
`;
}

const CHECK_MODULE = probe("", "upstream probe { server 127.0.0.1:9; check interval=1000 type=tcp; }");

/** `js_periodic` came with njs 0.8.1, as did everything else our JavaScript needs. */
function withJavaScript(module?: string): string {
  return probe(
    module ? `load_module "${module}";\n` : "",
    `js_shared_dict_zone zone=probe:32k;
    server { listen 127.0.0.1:65535; location / { js_periodic probe.ask interval=1s; } }`,
  );
}
