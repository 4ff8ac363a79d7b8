import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { examineCertificate } from "#rollout/nginx/tls/certificate.ts";
import { pairHash, requirePair } from "#rollout/nginx/tls/pemPair.ts";
import { encrypted, makeCertificate, makeCertificateIn } from "../../../../support/certificate.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const [from, to] = [new Date("2026-01-01T00:00:00Z"), new Date("2026-04-01T00:00:00Z")];
const folder = await mkdtemp(join(tmpdir(), "rollgate-test-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
const shop = await makeCertificateIn(folder, {
  ...{ from, to },
  names: ["DNS:shop.example.com", "DNS:*.shops.example.com"],
});

describe("a certificate", () => {
  test("for all names and valid for long raises no problem", () => {
    expect(examineCertificate(shop.certificate, ["shop.example.com", "a.shops.example.com"], NOW)).toEqual(
      {},
    );
    expect(examineCertificate(shop.certificate, [], NOW)).toEqual({});
  });

  test.each([
    ["another name", "www.example.com"],
    ["the domain of a wildcard itself", "shops.example.com"],
    ["two labels in the place of a wildcard", "a.b.shops.example.com"],
    ["a wildcard of which it has one name", "*.example.com"],
  ])("does not cover %s", (_, name) => {
    expect(examineCertificate(shop.certificate, ["shop.example.com", name], NOW)).toEqual({
      problem: `expected a certificate for ${name}, got one for shop.example.com, *.shops.example.com`,
    });
  });

  test("covers the same wildcard", () => {
    expect(examineCertificate(shop.certificate, ["*.shops.example.com"], NOW)).toEqual({});
  });

  test("counts only with its alternative names, as in browsers", async () => {
    const { certificate } = await makeCertificate({ from, to, names: [], commonName: "shop.example.com" });
    expect(examineCertificate(certificate, ["shop.example.com"], NOW)).toEqual({
      problem: "expected a certificate for shop.example.com, got one for no name",
    });
  });

  test.each([
    ["that has expired", "2026-04-01T00:00:01Z", "got one that expired on 2026-04-01"],
    ["that is not valid yet", "2025-12-31T23:59:00Z", "got one that is valid from 2026-01-01"],
  ])("%s is a problem", (_, now, got) => {
    expect(examineCertificate(shop.certificate, [], Date.parse(now))).toEqual({
      problem: `expected a certificate that is valid, ${got}`,
    });
  });

  test.each([
    ["2026-03-11T00:00:00Z", undefined],
    ["2026-03-11T00:00:01Z", "the certificate expires in 20 days, on 2026-04-01"],
    ["2026-03-30T12:00:00Z", "the certificate expires in 1 day, on 2026-04-01"],
    ["2026-03-31T12:00:00Z", "the certificate expires in 0 days, on 2026-04-01"],
  ])("on %s warns: %s", (now, warning) => {
    expect(examineCertificate(shop.certificate, [], Date.parse(now))).toEqual(warning ? { warning } : {});
  });

  test("of its chain that has expired is a problem, too", async () => {
    const old = await makeCertificate({
      from,
      commonName: "Old CA",
      to: new Date("2026-02-01T00:00:00Z"),
    });
    expect(examineCertificate(`${shop.certificate}\n${old.certificate}`, [], NOW)).toEqual({
      problem: "expected a chain (CN=Old CA) that is valid, got one that expired on 2026-02-01",
    });
  });

  test.each([
    ["no PEM at all", "hello", "found no certificate"],
    ["a key", shop.key, "found no certificate"],
    [
      "a damaged one",
      shop.certificate.replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA"),
      "got one that can't be read",
    ],
  ])("cannot be %s", (_, pem, got) => {
    expect(examineCertificate(pem, [], NOW)).toEqual({
      problem: `expected the server's certificate and its chain in PEM, ${got}`,
    });
  });
});

describe("a key given as text", () => {
  test("belongs to its certificate", () => {
    expect(() => requirePair(shop)).not.toThrow();
  });

  test("of another certificate, encrypted or damaged is rejected, without showing it", async () => {
    const other = await makeCertificate({ from, to });
    const refusal = (key: string) => {
      try {
        requirePair({ certificate: shop.certificate, key });
        return "";
      } catch (error) {
        return String(error);
      }
    };
    expect(refusal(other.key)).toMatch(/tls\.key: expected the key of the certificate, got another one$/);
    expect(refusal(await encrypted(shop))).toMatch(
      /tls\.key: expected a key without a passphrase, got an encrypted one$/,
    );
    expect(refusal(shop.key.replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA"))).toMatch(
      /tls\.key: expected a private key in PEM, got one that can't be read$/,
    );
  });

  test("has a hash that changes with either part, and not with blank lines at the end", async () => {
    const other = await makeCertificate({ from, to });
    expect(pairHash({ ...shop, key: other.key })).not.toBe(pairHash(shop));
    expect(pairHash({ ...shop, certificate: other.certificate })).not.toBe(pairHash(shop));
    expect(pairHash({ ...shop, key: `${shop.key}\n\n` })).toBe(pairHash(shop));
  });
});
