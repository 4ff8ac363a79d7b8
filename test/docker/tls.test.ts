import { randomBytes } from "node:crypto";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { lookAtCertificate } from "#kinds/docker/lookAtCertificate.ts";
import { openEngine } from "#kinds/engine/openEngine.ts";
import { check, create, diff, read } from "#provider/nginx.ts";
import { type BaseImages, baseImages } from "../../harness/docker/baseImages.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { freePort } from "../../harness/freePort.ts";
import { request } from "../../harness/request.ts";
import { serving } from "../../harness/serving.ts";
import { until } from "../../harness/until.ts";
import { inRepository } from "../../tools/inRepository.ts";
import { type MadeCertificate, makeCertificate } from "../support/certificate.ts";
import { fingerprintOf } from "../support/localTls.ts";
import { secureRequest } from "../support/secureRequest.ts";
import { temporaryDirectory } from "../support/temporaryDirectory.ts";

const reason = await noDocker();

describe.skipIf(reason)(`TLS in a container${reason ? ` (${reason})` : ""}`, () => {
  let images: BaseImages;
  const image = `rollgate-test-tls:${randomBytes(3).toString("hex")}`;

  beforeAll(async () => {
    images = await baseImages();
    const context = inRepository("kinds", "docker", "nginx");
    await docker(["build", "--quiet", "--build-arg", `BASE=${images.nginx}`, "--tag", image, context]);
  }, 300_000);

  afterAll(async () => {
    await docker(["image", "rm", image]);
  });

  /** Files in which only root can read, as certbot leaves them. */
  async function files(made: MadeCertificate) {
    const folder = join(await temporaryDirectory(), "live");
    await mkdir(folder, { mode: 0o700 });
    const put = async ({ files }: MadeCertificate) => {
      await copyFile(files.certificate, join(folder, "cert.pem"));
      await copyFile(files.key, join(folder, "key.pem"));
    };
    await put(made);
    return { put, folder, certificate: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  }

  const usual = {
    ...{ http2: true, http3: false, profile: "intermediate" as const, redirect: true, hstsSeconds: 0 },
  };

  test("the key is read as root, and a renewed one by a health check, without a reload", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const [first, second] = [await makeCertificate(), await makeCertificate()];
    const { put, folder, certificate, key } = await files(first);
    const container = `rollgate-test-${randomBytes(3).toString("hex")}-nginx`;
    const [port, tlsPort] = [await freePort(), await freePort()];
    onTestFinished(async () => {
      await docker(["rm", "--force", "--volumes", container]);
      await docker(["volume", "rm", container]);
    });
    await docker([
      ...["run", "--detach", "--name", container, "--volume", `${container}:/rollgate`],
      ...["--publish", `127.0.0.1:${port}:8080`, "--publish", `127.0.0.1:${tlsPort}:8443`],
      ...["--mount", `type=bind,source=${folder},target=/opt/rollgate/host${folder},readonly`],
      image,
    ]);
    const news = {
      ...{ kind: "docker", engine: "", container, address: "127.0.0.1", port, tlsPort },
      ...serving,
      flavour: "stock",
      serverNames: ["shop.example.com"],
      hosts: [{ name: "app-1", address: "127.0.0.1", port: 9 }],
      // Debian 13's nginx can do all of it.
      tls: { ...usual, certificate, key, port: tlsPort, http3: true, hstsSeconds: 300 },
    };
    const { inputs = {}, failures } = await check({ olds: {}, news });
    expect(failures).toBeUndefined();
    await create(inputs);
    // No host takes traffic: nginx answers by itself.
    expect(await secureRequest(tlsPort)).toMatchObject({ status: 503, certificate: fingerprintOf(first) });
    expect((await secureRequest(tlsPort)).headers).toMatchObject({
      "alt-svc": `h3=":${tlsPort}"; ma=86400`,
      "strict-transport-security": "max-age=300",
    });
    await expect(secureRequest(tlsPort, "/", { name: "other.example.com" })).rejects.toThrow(
      /unrecognized name/,
    );
    // 8443, for every worker.
    expect(await docker(["exec", container, "cat", "/proc/net/udp"])).toMatch(/: 00000000:20FB /);
    const headers = { Host: `shop.example.com:${port}` };
    expect((await request(`http://127.0.0.1:${port}/a`, { headers })).headers.location).toBe(
      `https://shop.example.com:${tlsPort}/a`,
    );
    const before = await docker(["top", container, "-o", "pid,args"]);
    await put(second);
    await docker(["exec", container, "sh", "/opt/rollgate/is-serving.sh"]);
    await until(async () => (await secureRequest(tlsPort)).certificate === fingerprintOf(second), 5);
    expect(await docker(["top", container, "-o", "pid,args"])).toBe(before);
    expect(await docker(["exec", container, "ls", "-l", "/rollgate/certificate/current/"])).toMatch(
      /-rw-r-----\s.*key\.pem/,
    );
    // What a restarted container serves before anybody looks.
    await docker(["restart", container]);
    await until(async () => (await secureRequest(tlsPort).catch(() => undefined))?.status === 503, 10);
    // Other files are another certificate, although the configuration doesn't name them.
    const { inputs: moved = {} } = await check({
      olds: inputs,
      news: { ...news, tls: { ...news.tls, key: `${folder}/other.pem` } },
    });
    expect(moved.configuration).toBe(inputs.configuration);
    expect(await diff({ olds: (await read("id", inputs)).props, news: inputs })).toMatchObject({
      changes: false,
    });
    expect(await diff({ olds: inputs, news: moved })).toMatchObject({ changes: true });
    expect(
      await check({ olds: inputs, news: { ...news, serverNames: ["other.example.com"] } }),
    ).toMatchObject({
      failures: [
        {
          property: "tls.certificate",
          reason: expect.stringMatching(/^expected a certificate for other\.example\.com, got one for /),
        },
      ],
    });
  }, 120_000);

  test("a certificate on the engine's host is looked at before anything is created there", async () => {
    const made = await makeCertificate();
    const { put, certificate, key } = await files(made);
    const look = (change: object = {}, serverNames = ["shop.example.com"]) =>
      lookAtCertificate(openEngine(""), images.nginx, {
        tls: { ...usual, certificate, key, port: 443, ...change },
        serverNames,
      });
    expect(await look()).toBeUndefined();
    await put(await makeCertificate({ to: new Date(Date.now() + 20.5 * 86_400_000) }));
    expect(await look()).toMatch(/^the certificate expires in 20 days, on \d{4}-\d\d-\d\d: \S+$/);
    await put(made);
    await expect(look({}, ["other.example.com"])).rejects.toThrow(
      /^tls\.certificate: expected a certificate for other\.example\.com, got one for 127\.0\.0\.1, shop\.example\.com: \S+$/,
    );
    await expect(look({ certificate: "/nowhere/cert.pem" })).rejects.toThrow(
      "tls.certificate: expected files on the engine's host, found no folder /nowhere",
    );
    await expect(look({ acmeWebroot: "/nowhere/acme" })).rejects.toThrow(
      "tls.acmeWebroot: expected a folder on the engine's host, found no /nowhere/acme",
    );
    await expect(look({ key: (await makeCertificate()).files.key })).rejects.toThrow(
      /^tls\.key: expected the key of \S+\/live\/cert\.pem, got another one: \S+\/key\.pem$/,
    );
    await rm(key);
    await expect(look()).rejects.toThrow(
      /^tls\.key: expected a file on nginx's machine, found no \S+\/key\.pem$/,
    );
    await put({ ...made, files: { ...made.files, key: made.files.certificate } });
    await expect(look()).rejects.toThrow(
      /^tls\.key: expected a private key in PEM, got something else: \S+$/,
    );
    expect(await docker(["ps", "-aq", "--filter", "name=rollgate-certificate"])).toBe("");
  }, 120_000);
});
