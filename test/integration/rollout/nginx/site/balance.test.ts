import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { request } from "../../../../../harness/request.ts";
import { localNginxAccess, twoSlotsInARow } from "../../../../support/nginx.ts";
import { type Site, serveSite } from "../../../../support/siteNginx.ts";

const naming = (name: string) => (_: unknown, answer: { end(text: string): unknown }) =>
  void answer.end(name);

/** Browsers, each with the cookie it was given. */
async function browsers(url: string, count: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => request(url)));
  return answers.map(({ headers }) => headers["set-cookie"]?.[0]?.split(";")[0] ?? "");
}

/** The host that each of them gets. */
async function hostsOf(url: string, cookies: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(cookies.map((Cookie) => request(url, { headers: { Cookie } })));
  return answers.map(({ body }) => body);
}

async function staysAndMoves(site: Site, cookies: readonly string[], drained: string) {
  const before = await hostsOf(site.url, cookies);
  expect(await hostsOf(site.url, cookies)).toEqual(before);
  await site.drain(drained);
  const meanwhile = await hostsOf(site.url, cookies);
  expect(meanwhile).not.toContain(drained);
  const moved = cookies.filter((_, index) => before[index] !== meanwhile[index]);
  expect(moved).toEqual(cookies.filter((_, index) => before[index] === drained));
  await site.admit(drained);
  expect(await hostsOf(site.url, cookies)).toEqual(before);
  return before;
}

test("a browser stays with its host, and a drain moves only the clients of that host", async () => {
  const site = await serveSite({ balance: "cookie" }, { size: 3, answer: naming });
  const cookies = await browsers(site.url, 40);
  expect(new Set(cookies).size).toBe(40);
  const before = await staysAndMoves(site, cookies, "app-2");
  expect(new Set(before)).toEqual(new Set(["app-1", "app-2", "app-3"]));
});

test("in a fleet of more hosts than there are upstreams for, a drain moves few of the others", async () => {
  const site = await serveSite({ balance: "cookie" }, { size: 12, answer: naming });
  const access = localNginxAccess(site.settings);
  await access.sumFlags();
  const cookies = await browsers(site.url, 120);
  const before = await hostsOf(site.url, cookies);
  expect(await hostsOf(site.url, cookies)).toEqual(before);
  expect(new Set(before).size).toBe(12);
  await access.raiseFlag("app-7");
  const meanwhile = await hostsOf(site.url, cookies);
  expect(meanwhile).not.toContain("app-7");
  const moved = before.filter((host, index) => host !== meanwhile[index]);
  expect(moved.length).toBeLessThan(cookies.length / 3);
  await access.lowerFlag("app-7");
  expect(await hostsOf(site.url, cookies)).toEqual(before);
});

test("the first answer gives a cookie, a known one is kept, and one that is not ours is replaced", async () => {
  const { url } = await serveSite({ balance: "cookie" }, { size: 2, answer: naming });
  const first = (await request(url)).headers["set-cookie"];
  expect(first).toEqual([
    expect.stringMatching(/^market_route=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax$/),
  ]);
  const given = String(first).split(";")[0] ?? "";
  expect((await request(url, { headers: { Cookie: `a=b; ${given}` } })).headers).not.toHaveProperty(
    "set-cookie",
  );
  const forged = await request(url, { headers: { Cookie: "market_route=app-1" } });
  expect(forged.headers["set-cookie"]).toHaveLength(1);
});

test("the cookie is for HTTPS only if the client uses that", async () => {
  const { url } = await serveSite({ balance: "cookie", trustedProxies: ["127.0.0.1"] }, { answer: naming });
  const { headers } = await request(url, { headers: { "X-Forwarded-Proto": "https" } });
  expect(headers["set-cookie"]?.[0]).toMatch(/; SameSite=Lax; Secure$/);
  const Cookie = headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  const again = await request(url, { headers: { "X-Forwarded-Proto": "https", Cookie } });
  expect(again.headers).not.toHaveProperty("set-cookie");
});

test.each(["x-forwarded", "forwarded"] as const)(
  "an address stays with its host, by %s",
  async (forwardedBy) => {
    const site = await serveSite(
      { balance: "ip-hash", trustedProxies: ["127.0.0.1"], forwardedBy },
      { size: 3, answer: naming },
    );
    const ask = async (address: string) => {
      const headers =
        forwardedBy === "forwarded" ? { Forwarded: `for=${address}` } : { "X-Forwarded-For": address };
      return (await request(site.url, { headers })).body;
    };
    // All in one network, which nginx's own ip_hash would send to one host.
    const addresses = Array.from({ length: 30 }, (_, index) => `192.0.2.${index + 1}`);
    const before = await Promise.all(addresses.map(ask));
    expect(new Set(before).size).toBe(3);
    expect(await Promise.all(addresses.map(ask))).toEqual(before);
    await site.drain("app-1");
    const meanwhile = await Promise.all(addresses.map(ask));
    const stayed = before.filter((host, index) => host === meanwhile[index]);
    expect(stayed).toEqual(before.filter((host) => host !== "app-1"));
  },
);

test.each(["least-conn", "ip-hash", "cookie"] as const)(
  "hosts with two slots are served with %s, also while old applications are kept",
  async (balance) => {
    const hosts = twoSlotsInARow(2);
    const site = await serveSite({ balance, hosts });
    await site.drain("app-1-b", "app-2-b", "_standby");
    // Nothing listens there, so that nginx has tried and failed.
    expect((await request(site.url)).status).toBe(502);
  },
);

test("the host with the fewest connections gets the next request", async () => {
  const slow = (name: string) => (asked: IncomingMessage, answer: ServerResponse) => {
    if (asked.url !== "/slow") answer.end(name);
    else setTimeout(() => answer.end(name), 1_500);
  };
  const { url } = await serveSite({ balance: "least-conn" }, { size: 2, answer: slow });
  const waiting = Array.from({ length: 16 }, () => request(`${url}/slow`));
  const hosts = (await Promise.all(waiting)).map(({ body }) => body);
  for (const name of ["app-1", "app-2"]) {
    const count = hosts.filter((host) => host === name).length;
    // Each worker counts for itself.
    expect(count).toBeGreaterThanOrEqual(4);
  }
});
