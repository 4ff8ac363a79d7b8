import { describe, expect, test } from "vitest";
import { moduleFiles, nginxAbilities } from "#rollout/nginx/nginxAbilities.ts";

const VERSION = "nginx version: nginx/1.26.3\nconfigure arguments: --modules-path=/opt/modules --with-compat";
const build = { version: "1.26.3", modules: [], user: "nobody" };

/** An nginx that refuses configurations in these words. */
function refusing(words: (configuration: string) => string | undefined) {
  return () => nginxAbilities(VERSION, words);
}

describe("what an nginx supports", () => {
  test("its own directory of modules is tried first, then the usual ones", () => {
    expect(moduleFiles(VERSION)).toEqual([
      "/opt/modules/ngx_http_js_module.so",
      "/usr/lib/nginx/modules/ngx_http_js_module.so",
      "/usr/lib64/nginx/modules/ngx_http_js_module.so",
      "/usr/share/nginx/modules/ngx_http_js_module.so",
    ]);
    expect(moduleFiles("--modules-path=/usr/lib64/nginx/modules --x")).toHaveLength(3);
    expect(moduleFiles("")).toHaveLength(3);
  });

  test("the first module file that it can load is used", () => {
    const abilities = refusing((text) => {
      if (text.includes("check interval")) return 'unknown directive "check"';
      if (!text.includes("load_module")) return 'unknown directive "js_shared_dict_zone"';
      return text.includes("/usr/lib64/") ? undefined : 'dlopen() "/x.so" failed (No such file or directory)';
    });
    expect(abilities()).toEqual({
      flavours: ["njs", "stock"],
      njsModule: "/usr/lib64/nginx/modules/ngx_http_js_module.so",
      build,
    });
  });

  test("a module that is too old for periodic checks counts as none", () => {
    const abilities = refusing((text) => {
      if (text.includes("check interval")) return 'unknown directive "check"';
      return text.includes("load_module")
        ? 'unknown directive "js_periodic"'
        : 'unknown directive "js_shared_dict_zone"';
    });
    expect(abilities()).toEqual({ flavours: ["stock"], build });
  });

  test("a module built for another nginx counts as none", () => {
    const abilities = refusing((text) =>
      text.includes("load_module") ? 'module "/x.so" is not binary compatible' : 'unknown directive "x"',
    );
    expect(abilities()).toEqual({ flavours: ["stock"], build });
  });

  test("of two modules, the JavaScript one is preferred", () => {
    const abilities = refusing(() => undefined);
    expect(abilities()).toEqual({ flavours: ["njs", "check-module", "stock"], build });
  });

  test("any other error is passed on", () => {
    const abilities = refusing(() => "nginx is out of memory");
    expect(abilities).toThrow("nginx is out of memory");
  });
});
