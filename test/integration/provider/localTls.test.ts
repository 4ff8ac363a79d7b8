import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { Agent } from "node:https";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { check, diff, read, remove } from "#provider/nginx.ts";
import { request } from "../../../harness/request.ts";
import { encrypted, type MadeCertificate, makeCertificate } from "../../support/certificate.ts";
import { listenOn, startNode } from "../../support/child.ts";
import { fingerprintOf, type LocalTls, localTls, refusalOf, serveTls } from "../../support/localTls.ts";
import { secureRequest } from "../../support/secureRequest.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const DAY = 86_400_000;

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

/** Puts another certificate into the files that nginx reads. */
async function renew({ inputs: { tls } }: LocalTls, made: MadeCertificate): Promise<void> {
  await copyFile(made.files.certificate, tls.certificate);
  await copyFile(made.files.key, tls.key);
}

describe("an nginx with TLS", () => {
  test("serves its certificate, and tells the application how clients came", async () => {
    const { inputs, certificate } = await localTls();
    await serveTls(inputs);
    const answer = await secureRequest(inputs.tls.port, "/orders?page=1");
    expect(answer).toMatchObject({
      status: 200,
      certificate: fingerprintOf(certificate),
      protocol: "TLSv1.3",
    });
    expect(JSON.parse(answer.body)).toMatchObject({
      url: "/orders?page=1",
      host: "shop.example.com",
      scheme: "https",
      port: "443",
    });
    expect(answer.headers).not.toHaveProperty("strict-transport-security");
    expect(vi.mocked(console.log).mock.lastCall).toEqual([
      expect.stringMatching(
        new RegExp(`^nginx started at https://127\\.0\\.0\\.1:${inputs.tls.port} \\(stock\\);`),
      ),
    ]);
  });

  test("redirects from HTTP to HTTPS with method, path and query, whatever the name", async () => {
    const { inputs } = await localTls();
    await serveTls({ ...inputs, serverNames: [] });
    const headers = { Host: "any.example.com" };
    const { status, headers: sent } = await request(`http://127.0.0.1:${inputs.port}/a%20b?c=d`, { headers });
    expect([status, sent.location]).toEqual([308, `https://any.example.com:${inputs.tls.port}/a%20b?c=d`]);
  });

  test("serves the challenges of an ACME client over HTTP, and nothing else of their folder", async () => {
    const acmeWebroot = join(await temporaryDirectory(), "acme");
    await mkdir(join(acmeWebroot, ".well-known", "acme-challenge"), { recursive: true });
    await writeFile(join(acmeWebroot, ".well-known", "acme-challenge", "token"), "the answer");
    await writeFile(join(acmeWebroot, "secret"), "");
    const { inputs } = await localTls({ acmeWebroot });
    await serveTls(inputs);
    const headers = { Host: "shop.example.com" };
    const ask = (path: string) => request(`http://127.0.0.1:${inputs.port}${path}`, { headers });
    expect(await ask("/.well-known/acme-challenge/token")).toMatchObject({ status: 200, body: "the answer" });
    expect(await ask("/.well-known/acme-challenge/other")).toMatchObject({ status: 404 });
    expect(await ask("/.well-known/acme-challenge/../../secret")).toMatchObject({ status: 308 });
  });

  test("sends HSTS with every answer over HTTPS, its own too, and with none over HTTP", async () => {
    const { inputs } = await localTls({ hstsSeconds: 31_536_000 });
    await serveTls(inputs);
    const sent = async (path: string) =>
      (await secureRequest(inputs.tls.port, path)).headers["strict-transport-security"];
    expect(await sent("/")).toBe("max-age=31536000");
    const headers = { Host: "shop.example.com" };
    const plain = await request(`http://127.0.0.1:${inputs.port}/`, { headers });
    expect(plain.headers).not.toHaveProperty("strict-transport-security");
    await writeFile(join(inputs.directory, "drained", "app-1"), "");
    const outage = await secureRequest(inputs.tls.port, "/");
    expect(outage).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(outage.headers["strict-transport-security"]).toBe("max-age=31536000");
  });

  test("ends the handshake for a name that is not served, and answers 421 to a request for one", async () => {
    const { inputs } = await localTls();
    await serveTls(inputs);
    await expect(secureRequest(inputs.tls.port, "/", { name: "other.example.com" })).rejects.toThrow(
      /unrecognized name/,
    );
    expect(await secureRequest(inputs.tls.port, "/", { host: "other.example.com" })).toMatchObject({
      status: 421,
    });
    const other = { headers: { Host: "other.example.com" } };
    expect(await request(`http://127.0.0.1:${inputs.port}/`, other)).toMatchObject({ status: 421 });
  });

  test("serves any name if none is set", async () => {
    const { inputs } = await localTls();
    await serveTls({ ...inputs, serverNames: [] });
    expect(await secureRequest(inputs.tls.port, "/", { name: "other.example.com" })).toMatchObject({
      status: 200,
    });
  });

  test("speaks TLS 1.2 unless the profile is modern", async () => {
    const { inputs } = await localTls({ profile: "modern" });
    const agent = new Agent({ maxVersion: "TLSv1.2" });
    onTestFinished(() => agent.destroy());
    const passed = await serveTls(inputs);
    await expect(secureRequest(inputs.tls.port, "/", { agent })).rejects.toThrow(/protocol version/i);
    await serveTls({ ...inputs, tls: { ...inputs.tls, profile: "intermediate" } }, passed);
    expect(await secureRequest(inputs.tls.port, "/", { agent })).toMatchObject({ protocol: "TLSv1.2" });
  });

  test("serves the application over HTTP as well if nothing is redirected", async () => {
    const { inputs } = await localTls({ redirect: false });
    await serveTls(inputs);
    const headers = { Host: "shop.example.com" };
    const { status, body } = await request(`http://127.0.0.1:${inputs.port}/`, { headers });
    expect([status, JSON.parse(body).scheme]).toEqual([200, "http"]);
    expect(await secureRequest(inputs.tls.port)).toMatchObject({ status: 200 });
  });
});

describe("a renewed certificate", () => {
  test("is served from the next handshake on, while clients of both protocols keep their connections and lose nothing", async () => {
    const served = await localTls();
    const { inputs } = served;
    await serveTls(inputs);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const session = connectHttp2(`https://127.0.0.1:${inputs.tls.port}`, {
      servername: "shop.example.com",
      rejectUnauthorized: false,
    });
    onTestFinished(() => {
      agent.destroy();
      session.destroy();
    });
    const overHttp2 = () =>
      new Promise<number>((resolve, reject) => {
        const stream = session.request({ ":path": "/", ":authority": "shop.example.com" });
        stream.on("response", (headers) => resolve(Number(headers[":status"])));
        stream.on("error", reject).resume();
      });
    const statuses: number[] = [];
    const fingerprints = new Set<string>();
    let isOver = false;
    const clients = [
      async () => {
        const { status, certificate } = await secureRequest(inputs.tls.port, "/", { agent });
        statuses.push(status);
        fingerprints.add(certificate);
      },
      async () => void statuses.push(await overHttp2()),
    ].map(async (ask) => {
      while (!isOver) await ask();
    });
    const renewals = [await makeCertificate(), await makeCertificate()];
    for (const renewal of renewals) {
      await renew(served, renewal);
      expect((await secureRequest(inputs.tls.port)).certificate).toBe(fingerprintOf(renewal));
    }
    isOver = true;
    await Promise.all(clients);
    expect(statuses.length).toBeGreaterThan(20);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    // The kept connection still has the first one.
    expect([...fingerprints]).toEqual([fingerprintOf(served.certificate)]);
    expect(await diff({ olds: await reread(inputs), news: await passedBy(inputs) })).toMatchObject({
      changes: false,
    });
  });

  async function passedBy(inputs: LocalTls["inputs"]) {
    return (await check({ olds: inputs, news: inputs })).inputs ?? {};
  }

  async function reread(inputs: LocalTls["inputs"]) {
    return (await read("id", await passedBy(inputs))).props;
  }
});

describe("a certificate given as text", () => {
  test("is served from files that are not in the configuration, and a new one needs no reload", async () => {
    const { inputs, certificate } = await localTls();
    const withText = ({ certificate, key }: MadeCertificate) => ({
      ...inputs,
      tls: { ...inputs.tls, certificate, key },
    });
    const passed = await serveTls(withText(certificate));
    expect(JSON.stringify({ ...passed, tls: undefined })).not.toContain("PRIVATE");
    expect((await secureRequest(inputs.tls.port)).certificate).toBe(fingerprintOf(certificate));
    const found = (await read("id", passed)).props;
    expect(await diff({ olds: found, news: passed })).toMatchObject({ changes: false });

    const renewed = await makeCertificate();
    const next = (await check({ olds: passed, news: withText(renewed) })).inputs ?? {};
    expect(next.configuration).toBe(passed.configuration);
    expect(await diff({ olds: found, news: next })).toMatchObject({ changes: true, replaces: [] });
    await serveTls(withText(renewed), passed);
    expect(vi.mocked(console.log).mock.lastCall).toEqual([
      expect.stringMatching(/^nginx unchanged at https:\S+ \(stock\) with a new certificate;/),
    ]);
    expect((await secureRequest(inputs.tls.port)).certificate).toBe(fingerprintOf(renewed));
    expect(vi.mocked(console.log).mock.calls.join()).not.toContain("PRIVATE");

    await serveTls(inputs, next);
    expect(await readdir(inputs.directory)).not.toContain("tls");
    await serveTls(withText(renewed), inputs);
    await remove(passed);
    expect(await readdir(dirname(dirname(inputs.directory)))).toEqual([]);
  });

  test("shows up as a change if its file was edited", async () => {
    const { inputs, certificate } = await localTls();
    const { key } = certificate;
    const passed = await serveTls({
      ...inputs,
      tls: { ...inputs.tls, certificate: certificate.certificate, key },
    });
    await writeFile(join(inputs.directory, "tls", "current", "key.pem"), "edited");
    const { props } = await read("id", passed);
    expect(await diff({ olds: props, news: passed })).toMatchObject({ changes: true });
    await serveTls({ ...inputs, tls: { ...inputs.tls, certificate: certificate.certificate, key } }, props);
    expect(await readFile(join(inputs.directory, "tls", "current", "key.pem"), "utf8")).toBe(key);
  });
});

describe("before anything is touched,", () => {
  const until = (days: number) => new Date(Date.now() + days * DAY + DAY / 2);

  test.each<
    [title: string, change: (served: LocalTls) => Promise<Partial<LocalTls["inputs"]["tls"]>>, line: RegExp]
  >([
    [
      "an expired certificate",
      async () => (await makeCertificate({ from: until(-90), to: until(-1) })).files,
      /^tls\.certificate: expected a certificate that is valid, got one that expired on \d{4}-\d\d-\d\d: \S+\. Nothing was changed\.$/,
    ],
    [
      "one that is not valid yet",
      async () => (await makeCertificate({ from: until(1), to: until(90) })).files,
      /^tls\.certificate: expected a certificate that is valid, got one that is valid from \S+: \S+\. Nothing was changed\.$/,
    ],
    [
      "one for other names",
      async () => (await makeCertificate({ names: ["DNS:other.example.com"] })).files,
      /^tls\.certificate: expected a certificate for shop\.example\.com, got one for other\.example\.com: \S+\. Nothing was changed\.$/,
    ],
    [
      "a key of another one",
      async () => ({ key: (await makeCertificate()).files.key }),
      /^tls\.key: expected the key of \S+, got another one: \S+\. Nothing was changed\.$/,
    ],
    [
      "a file that is missing",
      async () => ({ certificate: "/nowhere/cert.pem" }),
      /^tls\.certificate: expected a certificate on nginx's machine, found no file \/nowhere\/cert\.pem\. Nothing was changed\.$/,
    ],
    [
      "a text with the key of another one",
      async ({ certificate }) => ({
        certificate: certificate.certificate,
        key: (await makeCertificate()).key,
      }),
      /^tls\.key: expected the key of the certificate, got another one\. Nothing was changed\.$/,
    ],
    [
      "a text that is encrypted",
      async ({ certificate }) => ({
        certificate: certificate.certificate,
        key: await encrypted(certificate),
      }),
      /^tls\.key: expected a key without a passphrase, got an encrypted one\. Nothing was changed\.$/,
    ],
    [
      "HTTP/3 with an nginx that has none",
      async () => ({ http3: true }),
      /^tls\.http3: expected false, since nginx is built without the module http_v3\. Nothing was changed\.$/,
    ],
  ])("%s is refused", async (_, change, line) => {
    const served = await localTls();
    const { inputs } = served;
    expect(await refusalOf({ ...inputs, tls: { ...inputs.tls, ...(await change(served)) } })).toMatch(line);
    expect(await readdir(dirname(dirname(inputs.directory)))).toEqual([]);
  });

  test("a port for HTTPS that is taken is refused, and the process is named", async () => {
    const { inputs } = await localTls();
    const { pid } = await startNode(listenOn(inputs.tls.port));
    expect(await refusalOf(inputs)).toMatch(
      new RegExp(
        `^tls\\.port: ${inputs.tls.port} is taken by pid ${pid} \\(.*\\)\\. Nothing was changed\\.$`,
      ),
    );
  });

  test.runIf(process.getuid?.() === 0)("a key that nginx's workers can't read is refused", async () => {
    const { inputs } = await localTls();
    const root = await temporaryDirectory();
    await chmod(root, 0o755);
    const directory = join(root, "stack", "nginx");
    expect(await refusalOf({ ...inputs, directory })).toMatch(
      /^tls\.\w+: expected a file that nginx's workers can read, who run as \S+, got \S+: give the key as a secret instead, or let them read it\. Nothing was changed\.$/,
    );
  });

  test("a certificate that expires soon is a warning", async () => {
    const { inputs } = await localTls();
    const { files } = await makeCertificate({ to: until(20) });
    expect(await refusalOf({ ...inputs, tls: { ...inputs.tls, ...files } })).toBe("");
    expect(vi.mocked(console.log).mock.calls.join()).toMatch(
      /^warning: tls\.certificate: the certificate expires in 20 days, on \d{4}-\d\d-\d\d: \S+$/,
    );
  });
});
