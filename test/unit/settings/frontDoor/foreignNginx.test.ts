import { describe, expect, test } from "vitest";
import { refusal, read as settings, withoutPulumi } from "../../../support/settings.ts";

withoutPulumi();

test("a stack has an nginx of its own, and gets every path, unless the settings say otherwise", async () => {
  const { nginx } = await settings({});
  expect(nginx).not.toHaveProperty("foreign");
  expect(nginx.pathPrefix).toBe("/");
});

test("a stack may be a part of an nginx that runs already, by default of Debian's", async () => {
  const { nginx, rollout } = await settings({ nginxMode: "include", pathPrefix: "/api/v1" });
  const foreign = { pidFile: "/run/nginx.pid", includeDirectory: "/etc/nginx/conf.d" };
  expect(nginx).toMatchObject({ foreign, pathPrefix: "/api/v1" });
  expect(rollout.proxies).toEqual([expect.objectContaining({ foreign })]);
});

test("a stack may be a part of another stack's nginx", async () => {
  const { nginx } = await settings({ nginxMode: "include", nginxDirectory: "/srv/rollgate/shop/nginx" });
  expect(nginx).toMatchObject({ foreign: { stack: "/srv/rollgate/shop/nginx" } });
});

describe("a wrong setting is rejected with one line that names it", () => {
  const include = { nginxMode: "include" };
  const prefix = (got: string) =>
    `pathPrefix: expected / or a path such as /api, without a slash at its end, got "${got}"`;
  const path = (setting: string, got: string) =>
    `${setting}: expected an absolute path without special characters, got "${got}"`;
  test.each<[title: string, given: Record<string, unknown>, line: string]>([
    ["a mode that is none", { nginxMode: "shared" }, 'nginxMode: expected own or include, got "shared"'],
    ["no mode", { nginxMode: "" }, 'nginxMode: expected own or include, got ""'],
    [
      "a pid file of an nginx of our own",
      { nginxPidFile: "/run/nginx.pid" },
      "nginxPidFile: expected no value with nginxMode own, got /run/nginx.pid",
    ],
    [
      "an include folder of an nginx of our own",
      { nginxIncludeDirectory: "/etc/nginx/conf.d" },
      "nginxIncludeDirectory: expected no value with nginxMode own, got /etc/nginx/conf.d",
    ],
    [
      "another stack's nginx besides an nginx of our own",
      { nginxDirectory: "/srv/x/nginx" },
      "nginxDirectory: expected no value with nginxMode own, got /srv/x/nginx",
    ],
    [
      "a pid file of another stack's nginx",
      { ...include, nginxDirectory: "/srv/x/nginx", nginxPidFile: "/run/nginx.pid" },
      "nginxPidFile: expected no value with nginxDirectory, got /run/nginx.pid",
    ],
    [
      "an include folder of another stack's nginx",
      { ...include, nginxDirectory: "/srv/x/nginx", nginxIncludeDirectory: "/etc/nginx/conf.d" },
      "nginxIncludeDirectory: expected no value with nginxDirectory, got /etc/nginx/conf.d",
    ],
    [
      "a relative pid file",
      { ...include, nginxPidFile: "nginx.pid" },
      'nginxPidFile: expected an absolute path, got "nginx.pid"',
    ],
    [
      "a pid file with a blank",
      { ...include, nginxPidFile: "/run/my nginx.pid" },
      path("nginxPidFile", "/run/my nginx.pid"),
    ],
    [
      "an include folder with a quote",
      { ...include, nginxIncludeDirectory: '/etc/"' },
      path("nginxIncludeDirectory", '/etc/\\"'),
    ],
    [
      "an include folder with a pattern",
      { ...include, nginxIncludeDirectory: "/etc/nginx/*" },
      path("nginxIncludeDirectory", "/etc/nginx/*"),
    ],
    [
      "a folder of a stack that is relative",
      { ...include, nginxDirectory: "../shop" },
      'nginxDirectory: expected an absolute path, got "../shop"',
    ],
    [
      "a folder of a stack with a variable",
      { ...include, nginxDirectory: "/srv/$x" },
      path("nginxDirectory", "/srv/$x"),
    ],
    ["a prefix without a slash", { pathPrefix: "api" }, prefix("api")],
    ["a prefix with a slash at its end", { pathPrefix: "/api/" }, prefix("/api/")],
    ["a prefix with a pattern", { pathPrefix: "/a.*" }, prefix("/a.*")],
    ["a prefix that climbs", { pathPrefix: "/../api" }, prefix("/../api")],
    ["a prefix with a blank", { pathPrefix: "/a b" }, prefix("/a b")],
    ["a prefix with a directive", { pathPrefix: "/a{}" }, prefix("/a{}")],
    ["no prefix", { pathPrefix: "" }, prefix("")],
    [
      "a container in somebody's nginx",
      { kind: "docker", nginxMode: "include" },
      'nginxMode: expected own for stacks of kind docker, got "include"',
    ],
    [
      "a container in another stack's nginx",
      { kind: "docker", nginxDirectory: "/srv/x/nginx" },
      "nginxDirectory: expected no value, since this setting is only for stacks of kind local or ssh, got /srv/x/nginx",
    ],
  ])("%s", async (_, given, line) => {
    expect(await refusal(given)).toBe(`rollgate:${line}. Nothing was changed.`);
  });
});
