import { expect, test } from "vitest";
import { isSince, readBuild } from "#rollout/nginx/nginxBuild.ts";

const OFFICIAL = `nginx version: nginx/1.28.0
built with OpenSSL 3.0.15
TLS SNI support enabled
configure arguments: --prefix=/etc/nginx --user=nginx --group=nginx --with-compat --with-http_realip_module --with-http_ssl_module --with-http_v2_module --with-http_v3_module --with-stream_ssl_preread_module --with-http_perl_module=dynamic`;

test("what nginx says of itself is read: its version, what is built in, and the account of its workers", () => {
  expect(readBuild(OFFICIAL)).toEqual({
    version: "1.28.0",
    modules: ["http_realip", "http_ssl", "http_v2", "http_v3", "stream_ssl_preread"],
    user: "nginx",
  });
});

test("the nginx of another name is read, too, and of something else nothing is known", () => {
  expect(readBuild("nginx version: openresty/1.21.4.1 (x)")).toMatchObject({ version: "1.21.4.1" });
  expect(readBuild("hello")).toEqual({ version: "0", modules: [], user: "nobody" });
});

test.each([
  ["1.25.1", "1.25.1", true],
  ["1.25.0", "1.25.1", false],
  ["1.9.15", "1.15.9", false],
  ["1.29", "1.25.1", true],
  ["2.0.0", "1.25.1", true],
  ["0", "1.15.9", false],
])("%s is since %s: %s", (version, since, is) => {
  expect(isSince({ version }, since)).toBe(is);
});
