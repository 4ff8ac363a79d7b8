import { describe, expect, test } from "vitest";
import { serverNamesBucket, servers } from "#rollout/nginx/configuration/servers.ts";
import { tlsHeaders, tlsMaps } from "#rollout/nginx/configuration/tlsLines.ts";
import { ownNames } from "#rollout/nginx/ownNames.ts";
import type { TlsServing } from "#rollout/nginx/tls/tlsServing.ts";

const tls: TlsServing = {
  certificate: "/etc/tls/cert.pem",
  key: "/etc/tls/key.pem",
  port: 443,
  publicPort: 443,
  http2: "directive",
  http3: false,
  canReject: true,
  profile: "intermediate",
  redirect: true,
  hstsSeconds: 0,
};
type Served = Parameters<typeof servers>[0];
const shop = ownNames("shop");
const place: Served = { name: "shop", address: "0.0.0.0", port: 80, serverNames: [] };
const CONTENT = "# the application\n";

/** The server blocks, as lists of lines without their insides of locations. */
function blocks(settings: Partial<Served>): string[][] {
  return servers({ ...place, ...settings }, CONTENT)
    .split(/^server \{\n/m)
    .slice(1)
    .map((block) =>
      block
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => !/^[}]?$|^# For any/.test(line)),
    );
}

const listensOf = (block: readonly string[] | undefined) =>
  block?.filter((line) => line.startsWith("listen"));

describe("our server blocks", () => {
  test("without TLS and names are one for every name", () => {
    expect(blocks({})).toEqual([["listen 0.0.0.0:80;", "# the application"]]);
  });

  test("listen on all addresses of both families, each with a socket of its own", () => {
    expect(listensOf(blocks({ address: "::", tls })[1])).toEqual([
      "listen [::]:443 ssl;",
      "listen 0.0.0.0:443 ssl;",
    ]);
    expect(listensOf(blocks({ address: "::", tls })[0])).toEqual(["listen [::]:80;", "listen 0.0.0.0:80;"]);
  });

  test("with names refuse all others, in the handshake where this nginx can", () => {
    const serverNames = ["shop.example.com", "*.shop.example.com"];
    const [unknown, redirect, own] = blocks({ serverNames, tls });
    expect(unknown).toEqual(
      expect.arrayContaining(["listen 0.0.0.0:80 default_server;", "listen 0.0.0.0:443 ssl default_server;"]),
    );
    expect(unknown).toContain("ssl_reject_handshake on;");
    expect(unknown?.at(-1)).toMatch(/^return 421 /);
    for (const block of [redirect, own]) {
      expect(block).toContain("server_name shop.example.com *.shop.example.com;");
    }
    const [older] = blocks({ serverNames, tls: { ...tls, canReject: false } });
    expect(older).toContain("ssl_certificate $shop_certificate;");
    expect(older).not.toContain("ssl_reject_handshake on;");
  });

  test("speak HTTP/2 as this nginx is told to, or not at all", () => {
    const own = (http2: TlsServing["http2"]) => blocks({ tls: { ...tls, http2 } })[1];
    expect(own("directive")).toContain("http2 on;");
    expect(listensOf(own("listen"))).toEqual(["listen 0.0.0.0:443 ssl http2;"]);
    expect(own("listen")).not.toContain("http2 on;");
    expect(own("off")?.join()).not.toContain("http2");
  });

  test("speak HTTP/3 on one socket per worker and address, and tell clients so", () => {
    const serverNames = ["shop.example.com"];
    const both = { ...tls, http3: true, publicPort: 8443 };
    expect(listensOf(blocks({ tls: both })[1])).toEqual([
      "listen 0.0.0.0:443 ssl;",
      "listen 0.0.0.0:443 quic reuseport;",
    ]);
    const [unknown, , own] = blocks({ serverNames, tls: both });
    expect(listensOf(unknown)).toContain("listen 0.0.0.0:443 quic reuseport default_server;");
    expect(listensOf(own)).toContain("listen 0.0.0.0:443 quic;");
    expect(own).toContain("add_header Alt-Svc $shop_alt_svc always;");
    expect(tlsMaps(shop, both)).toContain(`on      'h3=":8443"; ma=86400';`);
  });

  test("redirect to the port that clients use, and serve challenges before that", () => {
    const redirect = (change: Partial<TlsServing>) => blocks({ tls: { ...tls, ...change } })[0];
    expect(redirect({})).toEqual([
      "listen 0.0.0.0:80;",
      "location / {",
      "return 308 https://$host$request_uri;",
    ]);
    expect(redirect({ port: 8443, publicPort: 8443 })).toContain(
      "return 308 https://$host:8443$request_uri;",
    );
    expect(redirect({ port: 8443 })).toContain("return 308 https://$host$request_uri;");
    expect(redirect({ acmeWebroot: "/var/www/acme" })).toEqual(
      expect.arrayContaining(["location ^~ /.well-known/acme-challenge/ {", "root /var/www/acme;"]),
    );
  });

  test("serve the application on both ports if nothing is redirected", () => {
    const [only, ...others] = blocks({ tls: { ...tls, redirect: false, acmeWebroot: "/var/www/acme" } });
    expect(others).toEqual([]);
    expect(listensOf(only)).toEqual(["listen 0.0.0.0:80;", "listen 0.0.0.0:443 ssl;"]);
    expect(only).toEqual(expect.arrayContaining(["root /var/www/acme;", "# the application"]));
  });

  test("send HSTS only if it is set", () => {
    expect(tlsHeaders(shop, tls)).toBe("");
    expect(tlsHeaders(shop, { ...tls, hstsSeconds: 300 }).trim()).toBe(
      'add_header Strict-Transport-Security "max-age=300" always;',
    );
    const [redirect, own] = blocks({ tls: { ...tls, hstsSeconds: 300 } });
    expect(own?.join()).toContain("max-age=300");
    expect(redirect?.join()).not.toContain("max-age");
  });

  test("have room for the longest name", () => {
    expect(serverNamesBucket(["shop.example.com"])).toBe("");
    expect(serverNamesBucket(["a".repeat(60)])).toBe("server_names_hash_bucket_size 128;\n");
    expect(serverNamesBucket(["a".repeat(253)])).toBe("server_names_hash_bucket_size 512;\n");
  });
});
