import { RollgateError } from "../common/errors.ts";
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
 * Finds out from how nginx answered to `probes`, because `nginx -V` doesn't list the modules that could be loaded.
 * `versionOutput` is the output of `nginx -V`; `refusal` is nginx's own message if it rejects a configuration, and is not
 * asked about further alternatives once one is accepted.
 */
export function nginxAbilities(
  versionOutput: string,
  refusal: (configuration: string) => string | undefined,
): NginxAbilities {
  const accepts = (configuration: string) => {
    const reason = refusal(configuration);
    if (reason === undefined) return true;
    if (CANNOT.test(reason)) return false;
    throw new RollgateError("nginx-unusable", reason);
  };
  const others: [Flavour, ...Flavour[]] = accepts(CHECK_MODULE) ? ["check-module", "stock"] : ["stock"];
  const build = readBuild(versionOutput);
  if (accepts(withJavaScript())) return { flavours: ["njs", ...others], build };
  for (const njsModule of moduleFiles(versionOutput)) {
    if (accepts(withJavaScript(njsModule))) return { flavours: ["njs", ...others], njsModule, build };
  }
  return { flavours: others, build };
}

/**
 * The configurations to test, the one for the check module first. The others are alternatives. `modules` is nginx's own
 * folder of modules, or what stands for it.
 */
export function probes(modules: string): string[] {
  const files = [modules, ...MODULE_DIRECTORIES].map(moduleIn);
  return [CHECK_MODULE, withJavaScript(), ...files.map(withJavaScript)];
}

/** The folder of modules that an nginx was built with; empty if it doesn't say. */
export function modulesOf(versionOutput: string): string {
  return /--modules-path=(\S+)/.exec(versionOutput)?.[1] ?? "";
}

/** Where the JavaScript module may be, most likely first. */
export function moduleFiles(versionOutput: string): string[] {
  const own = modulesOf(versionOutput);
  const directories = new Set(own ? [own, ...MODULE_DIRECTORIES] : MODULE_DIRECTORIES);
  return [...directories].map(moduleIn);
}

function moduleIn(directory: string): string {
  return `${directory}/ngx_http_js_module.so`;
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
