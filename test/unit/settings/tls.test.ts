import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { makeCertificateIn } from "../../support/certificate.ts";
import { secret } from "../../support/pulumi.ts";
import { declared, read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

const folder = await mkdtemp(join(tmpdir(), "rollgate-test-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
const { certificate, key } = await makeCertificateIn(folder, {});
const paths = { certificate: "/etc/tls/cert.pem", key: "/etc/tls/key.pem" };
const names = ["shop.example.com"];

function withSecret(): void {
  vi.stubEnv("PULUMI_CONFIG_SECRET_KEYS", '["rollgate:tls"]');
}

beforeEach(() => () => vi.unstubAllEnvs());

/** How Pulumi shows the line of a rejected setting. */
function refused(line: string): string {
  return `rollgate:${line}. Nothing was changed.`;
}

describe("what is read", () => {
  test("no TLS and no names by default", async () => {
    const { nginx, rollout } = await read({});
    expect(nginx).toMatchObject({ serverNames: [] });
    expect(nginx).not.toHaveProperty("tls");
    expect(rollout.proxies[0]).not.toHaveProperty("tlsPort");
  });

  test("a certificate by path, with defaults for the rest, and where clients reach the service", async () => {
    const { nginx, rollout } = await read({ serverNames: ["*.example.com", ...names], tls: paths });
    expect(nginx.tls).toEqual({
      ...paths,
      ...{ port: 443, http2: true, http3: false, profile: "intermediate", redirect: true, hstsSeconds: 0 },
    });
    expect(rollout.proxies[0]).toMatchObject({ tlsPort: 443, serverName: "shop.example.com" });
  });

  test("a key as text, which is secret in what is declared", async () => {
    withSecret();
    const settings = await read({ tls: { certificate, key } });
    const { "nginx-server": inputs } = await declared(settings);
    expect(inputs).toMatchObject({ tls: secret(expect.objectContaining({ certificate, key })) });
  });
});

describe("a wrong setting is rejected with one line that names it and never shows a key:", () => {
  const expectedKey = "tls.key: expected the absolute path of a private key or its PEM text";
  const expectedCertificate = "tls.certificate: expected the absolute path of a certificate or its PEM text";
  const expectedName =
    "expected a name such as shop.example.com or *.example.com, in lower case and without a port";

  test.each<[title: string, settings: Record<string, unknown>, line: string]>([
    ["no certificate", { tls: { key: paths.key } }, `${expectedCertificate}, got nothing`],
    ["no key", { tls: { certificate: paths.certificate } }, `${expectedKey}, got nothing`],
    [
      "a relative path",
      { tls: { ...paths, certificate: "cert.pem" } },
      `${expectedCertificate}, got neither`,
    ],
    [
      "a key without its first line",
      { tls: { ...paths, key: key.split("\n")[1] } },
      `${expectedKey}, got neither`,
    ],
    ["a number as a key", { tls: { ...paths, key: 7 } }, `${expectedKey}, got number`],
    [
      "a path with a blank",
      { tls: { ...paths, key: "/etc/my key.pem" } },
      'tls.key: expected a path without blanks and characters special to nginx, got "/etc/my key.pem"',
    ],
    [
      "a path that would end a directive",
      { tls: { ...paths, certificate: "/etc/a;b.pem" } },
      'tls.certificate: expected a path without blanks and characters special to nginx, got "/etc/a;b.pem"',
    ],
    [
      "a certificate as text with a key by path",
      { tls: { certificate, key: paths.key } },
      "tls.key: expected PEM text, like the certificate",
    ],
    ["a port out of range", { tls: { ...paths, port: 70_000 } }, "tls.port: expected 1–65535, got 70000"],
    ["a port in words", { tls: { ...paths, port: "https" } }, 'tls.port: expected 1–65535, got "https"'],
    [
      "the port for HTTP",
      { nginxPort: 8443, tls: { ...paths, port: 8443 } },
      "tls.port: expected another port than the one for HTTP, got 8443",
    ],
    [
      "the port of a host",
      { tls: { ...paths, port: 8082 } },
      "tls.port: expected a unique port, got 8082, the port of app-2",
    ],
    ["HTTP/2 in words", { tls: { ...paths, http2: "on" } }, 'tls.http2: expected true or false, got "on"'],
    ["HTTP/3 as a number", { tls: { ...paths, http3: 1 } }, "tls.http3: expected true or false, got 1"],
    [
      "another profile",
      { tls: { ...paths, profile: "old" } },
      'tls.profile: expected intermediate or modern, got "old"',
    ],
    [
      "a redirect in words",
      { tls: { ...paths, redirect: "no" } },
      'tls.redirect: expected true or false, got "no"',
    ],
    [
      "HSTS for a century",
      { tls: { ...paths, hstsSeconds: 3_000_000_000 } },
      "tls.hstsSeconds: expected 0–63072000, got 3000000000",
    ],
    [
      "HSTS without a redirect",
      { tls: { ...paths, hstsSeconds: 300, redirect: false } },
      "tls.hstsSeconds: expected 0, since redirect is false, got 300",
    ],
    [
      "a relative webroot",
      { tls: { ...paths, acmeWebroot: "www" } },
      'tls.acmeWebroot: expected an absolute path, got "www"',
    ],
    [
      "a webroot with a variable",
      { tls: { ...paths, acmeWebroot: "/var/$host" } },
      'tls.acmeWebroot: expected a path without blanks and characters special to nginx, got "/var/$host"',
    ],
    ["an unknown key", { tls: { ...paths, ocsp: true } }, "tls.ocsp: unknown setting"],
    ["a list", { tls: [paths] }, "tls: expected an object, got a list"],
    ["a text", { tls: "on" }, "tls: expected a list or an object, got a string"],
    [
      "names that are no list",
      { serverNames: "a.com" },
      "serverNames: expected a list or an object, got a string",
    ],
    [
      "a name in upper case",
      { serverNames: ["Shop.example.com"] },
      `serverNames[0]: ${expectedName}, got "Shop.example.com"`,
    ],
    [
      "a name with a port",
      { serverNames: ["a.example.com:80"] },
      `serverNames[0]: ${expectedName}, got "a.example.com:80"`,
    ],
    [
      "a URL",
      { serverNames: ["https://a.example.com"] },
      `serverNames[0]: ${expectedName}, got "https://a.example.com"`,
    ],
    ["an address", { serverNames: ["10.0.0.1"] }, `serverNames[0]: ${expectedName}, got "10.0.0.1"`],
    ["any name", { serverNames: ["*"] }, `serverNames[0]: ${expectedName}, got "*"`],
    ["a wildcard inside", { serverNames: ["a.*.com"] }, `serverNames[0]: ${expectedName}, got "a.*.com"`],
    ["a regular expression", { serverNames: ["~^a$"] }, `serverNames[0]: ${expectedName}, got "~^a$"`],
    [
      "a name that ends its directive",
      { serverNames: ["a;b"] },
      `serverNames[0]: ${expectedName}, got "a;b"`,
    ],
    ["an empty name", { serverNames: [""] }, `serverNames[0]: ${expectedName}, got ""`],
    [
      "a name twice",
      { serverNames: ["a.example.com", "b.example.com", "a.example.com"] },
      "serverNames[2]: expected a unique name, got a.example.com as in serverNames[0]",
    ],
  ])("%s", async (_, settings, line) => {
    expect(await refusal(settings)).toBe(refused(line));
  });

  test("a key as plain text in the stack file", async () => {
    expect(await refusal({ tls: { certificate, key } })).toBe(
      refused(
        "tls.key: expected a secret, got the key as plain text: set it with `pulumi config set --secret --path tls.key`",
      ),
    );
  });

  test("a secret in which nothing has to be", async () => {
    withSecret();
    expect(await refusal({ tls: paths })).toBe(
      refused("tls: expected plain values, got a secret: of TLS, only the text of a key stays secret"),
    );
  });

  test("a text that is no key", async () => {
    withSecret();
    expect(await refusal({ tls: { certificate, key: certificate } })).toBe(
      refused(`${expectedKey}, got PEM text of something else`),
    );
  });
});
