import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { request } from "../../../../../harness/request.ts";
import { type Site, serveSite } from "../../../../support/siteNginx.ts";

/** What the application is told about a client. */
interface Told {
  readonly address: string;
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const HERE = ["127.0.0.0/8"];
const CHAIN = [...HERE, "10.0.0.0/8", "2001:db8:1::/48"];

/** Serves a site that trusts these proxies, and asks it as a proxy on this machine would. */
async function told(settings: Partial<NginxSettings>, headers: Record<string, string>): Promise<Told> {
  return toldAt(await serveSite(settings), headers);
}

async function toldAt({ url }: Site, headers: Record<string, string>): Promise<Told> {
  const { body } = await request(`${url}/`, { headers: { Host: "inside:8080", ...headers } });
  return toldIn(JSON.parse(body).headers);
}

function toldIn(headers: Record<string, string>): Told {
  expect(headers["x-real-ip"]).toBe(headers["x-forwarded-for"]);
  expect(headers).not.toHaveProperty("forwarded");
  return {
    address: String(headers["x-forwarded-for"]),
    scheme: String(headers["x-forwarded-proto"]),
    host: String(headers["x-forwarded-host"]),
    port: String(headers["x-forwarded-port"]),
  };
}

const CONNECTION: Told = { address: "127.0.0.1", scheme: "http", host: "inside:8080", port: "8080" };

describe("X-Forwarded-*", () => {
  const CASES: [title: string, headers: Record<string, string>, expected: Partial<Told>][] = [
    ["nothing", {}, {}],
    ["a client's address", { "X-Forwarded-For": "192.0.2.7" }, { address: "192.0.2.7" }],
    ["an IPv6 address", { "X-Forwarded-For": "2001:db8::7" }, { address: "2001:db8::7" }],
    [
      "what a client claimed before the proxy",
      { "X-Forwarded-For": "198.51.100.1, 192.0.2.7" },
      { address: "192.0.2.7" },
    ],
    [
      "a chain of proxies",
      { "X-Forwarded-For": "198.51.100.1, 192.0.2.7, 10.1.1.1, 2001:db8:1::5, 10.2.2.2" },
      { address: "192.0.2.7" },
    ],
    ["no address at all", { "X-Forwarded-For": "unknown" }, {}],
    ["HTTPS", { "X-Forwarded-Proto": "https" }, { scheme: "https" }],
    ["HTTPS in capitals", { "X-Forwarded-Proto": "HTTPS" }, { scheme: "https" }],
    [
      "a list of schemes, of which the last is the proxy's",
      { "X-Forwarded-Proto": "https, http" },
      { scheme: "http" },
    ],
    ["a scheme that is none", { "X-Forwarded-Proto": "javascript" }, {}],
    ["a name", { "X-Forwarded-Host": "shop.example" }, { host: "shop.example", port: "80" }],
    [
      "a name with a port",
      { "X-Forwarded-Host": "shop.example:8443" },
      { host: "shop.example:8443", port: "8443" },
    ],
    ["a name that is none", { "X-Forwarded-Host": 'a"><b' }, {}],
    ["a port", { "X-Forwarded-Port": "444" }, { port: "444" }],
    ["a port that is none", { "X-Forwarded-Port": "https" }, {}],
    [
      "everything, as a balancer with TLS says it",
      { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example" },
      { address: "192.0.2.7", scheme: "https", host: "shop.example", port: "443" },
    ],
  ];

  test("a trusted proxy is believed, and only what it says itself", async () => {
    const site = await serveSite({ trustedProxies: CHAIN, forwardedBy: "x-forwarded" });
    for (const [title, headers, expected] of CASES)
      expect(await toldAt(site, headers), title).toEqual({ ...CONNECTION, ...expected });
  });

  test("a balancer that keeps the client's Host has port 443 for HTTPS", async () => {
    const headers = { Host: "shop.example", "X-Forwarded-Proto": "https" };
    expect(await told({ trustedProxies: HERE }, headers)).toMatchObject({ scheme: "https", port: "443" });
  });
});

test("a proxy may connect by IPv6", async () => {
  const { port } = await serveSite({ trustedProxies: ["::1"], address: "::1" });
  const headers = { "X-Forwarded-For": "2001:db8::7", "X-Forwarded-Proto": "https" };
  const { body } = await request(`http://[::1]:${port}/`, { headers });
  expect(toldIn(JSON.parse(body).headers)).toMatchObject({ address: "2001:db8::7", scheme: "https" });
});

describe("Forwarded", () => {
  const CASES: [title: string, forwarded: string, expected: Partial<Told>][] = [
    ["an address", "for=192.0.2.7", { address: "192.0.2.7" }],
    ["an address in quotes with a port", 'for="192.0.2.7:4711"', { address: "192.0.2.7" }],
    ["an IPv6 address", 'For="[2001:db8:cafe::17]:4711"', { address: "2001:db8:cafe::17" }],
    ["an address that is hidden", "for=_hidden;proto=https", { scheme: "https" }],
    ["an unknown address", "for=unknown", {}],
    [
      "everything",
      "for=192.0.2.7;proto=https;by=203.0.113.43;host=shop.example",
      { address: "192.0.2.7", scheme: "https", host: "shop.example", port: "443" },
    ],
    [
      "in another order, with blanks",
      'host="shop.example:8443" ; proto="http";for=192.0.2.7',
      { address: "192.0.2.7", host: "shop.example:8443", port: "8443" },
    ],
    [
      "what a client claimed before the proxy",
      "for=198.51.100.1;proto=https;host=evil.example, for=192.0.2.7;proto=http",
      { address: "192.0.2.7" },
    ],
    [
      "a chain of proxies",
      'for=198.51.100.1, for=192.0.2.7;proto=https;host=shop.example, for=10.1.1.1;proto=http, for="[2001:db8:1::5]";proto=http',
      { address: "192.0.2.7", scheme: "https", host: "shop.example", port: "443" },
    ],
    [
      "only proxies",
      "for=10.1.1.1;proto=https, for=10.2.2.2;proto=http",
      { address: "10.1.1.1", scheme: "https" },
    ],
    ["a quote that never ends", 'for="198.51.100.1;proto=https, for=192.0.2.7', { address: "192.0.2.7" }],
    ["a scheme that is none", "for=192.0.2.7;proto=ftp", { address: "192.0.2.7" }],
    ["an empty header", "", {}],
  ];

  test("a trusted proxy is believed, and only what it says itself", async () => {
    const site = await serveSite({ trustedProxies: CHAIN, forwardedBy: "forwarded" });
    for (const [title, Forwarded, expected] of CASES)
      expect(await toldAt(site, { Forwarded }), title).toEqual({ ...CONNECTION, ...expected });
  });

  test("the other headers say nothing then", async () => {
    const headers = { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1" };
    expect(await told({ trustedProxies: HERE, forwardedBy: "forwarded" }, headers)).toEqual(CONNECTION);
  });
});

describe("the PROXY protocol", () => {
  /** What the application is told by a connection with this first line. */
  async function toldBy({ port }: Site, line: string, headers: string[] = []): Promise<Told> {
    const client = connect(port, "127.0.0.1");
    onTestFinished(() => void client.destroy());
    client.write([line, "GET / HTTP/1.0", "Host: inside:8080", ...headers, "", ""].join("\r\n"));
    const chunks: Buffer[] = [];
    client.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(client, "close");
    const body = Buffer.concat(chunks).toString("utf8").split("\r\n\r\n")[1] ?? "";
    return toldIn(JSON.parse(body).headers);
  }

  const CASES: [title: string, line: string, expected: Partial<Told>][] = [
    ["an address", "PROXY TCP4 192.0.2.7 203.0.113.43 56324 8080", { address: "192.0.2.7" }],
    ["an IPv6 address", "PROXY TCP6 2001:db8::7 2001:db8::1 56324 8080", { address: "2001:db8::7" }],
    [
      "the port of HTTPS",
      "PROXY TCP4 192.0.2.7 203.0.113.43 56324 443",
      { address: "192.0.2.7", scheme: "https", port: "443" },
    ],
    ["nothing", "PROXY UNKNOWN", {}],
  ];

  test("a trusted proxy is believed", async () => {
    const site = await serveSite({ trustedProxies: HERE, forwardedBy: "proxy-protocol" });
    for (const [title, line, expected] of CASES)
      expect(await toldBy(site, line), title).toEqual({ ...CONNECTION, ...expected });
  });

  test("headers say nothing then, nor does a stranger", async () => {
    const forged = ["X-Forwarded-For: 192.0.2.9", "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.9"];
    const line = "PROXY TCP4 192.0.2.7 203.0.113.43 56324 443";
    expect(
      await toldBy(
        await serveSite({ trustedProxies: ["203.0.113.0/24"], forwardedBy: "proxy-protocol" }),
        line,
        forged,
      ),
    ).toEqual(CONNECTION);
    expect(
      await toldBy(
        await serveSite({ trustedProxies: HERE, forwardedBy: "proxy-protocol" }),
        "PROXY TCP4 192.0.2.7 203.0.113.43 56324 8080",
        forged,
      ),
    ).toEqual({
      ...CONNECTION,
      address: "192.0.2.7",
    });
  });
});

test.each(["x-forwarded", "forwarded"] as const)(
  "with %s, a client that is no proxy says nothing",
  async (forwardedBy) => {
    const headers = {
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Port": "444",
      Forwarded: "for=192.0.2.7;proto=https;host=evil.example",
      "X-Real-IP": "192.0.2.7",
    };
    expect(await told({ trustedProxies: ["203.0.113.0/24", "2001:db8::/32"], forwardedBy }, headers)).toEqual(
      CONNECTION,
    );
  },
);

test.each(["x-forwarded", "forwarded"] as const)(
  "with %s, /status is for clients that may read it, not for the proxy",
  async (forwardedBy) => {
    const { url } = await serveSite({ trustedProxies: HERE, forwardedBy, statusAllow: ["192.0.2.7"] });
    const ask = async (address: string) => {
      const headers = { "X-Forwarded-For": address, Forwarded: `for=${address}` };
      return (await request(`${url}/status`, { headers })).status;
    };
    expect([await ask("192.0.2.7"), await ask("192.0.2.8"), (await request(`${url}/status`)).status]).toEqual(
      [200, 403, 403],
    );
  },
);
