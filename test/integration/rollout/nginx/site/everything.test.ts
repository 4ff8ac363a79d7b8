import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { request } from "../../../../../harness/request.ts";
import { NGINX } from "../../../../support/nginx.ts";
import { useNjsNginx } from "../../../../support/njsNginx.ts";
import { serveSite } from "../../../../support/siteNginx.ts";
import { temporaryDirectory } from "../../../../support/temporaryDirectory.ts";

const withNjs = useNjsNginx();

async function everything(folder: string): Promise<Partial<NginxSettings>> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "site.css"), "body {}\n");
  const file = (path: string, text: string) => ({ path, text });
  return {
    accessLog: { format: "json", rotateMegabytes: 100, keep: 5 },
    maxBodySize: "1m",
    timeouts: { connectSeconds: 7, sendSeconds: 8, readSeconds: 9, keepAliveSeconds: 10 },
    buffering: { off: ["/exports"] },
    gzip: true,
    largeHeaders: "32k",
    underscoresInHeaders: true,
    staticFiles: [{ path: "/assets", folder }],
    errorPages: { 502: file("502.html", "sorry") },
    directives: file("own.conf", "location = /own { return 204; }\n"),
    canary: { hosts: ["app-1"], traffic: "testers" },
    statusAllow: ["192.0.2.0/24"],
  };
}

const FORWARDED = { Forwarded: "for=192.0.2.7;proto=https" };
const WAYS = [
  [2, "x-forwarded", "least-conn", { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https" }],
  [2, "forwarded", "cookie", FORWARDED],
  [12, "forwarded", "ip-hash", FORWARDED],
] as const;

async function serves(own: { executable: string; settings: Partial<NginxSettings> }): Promise<void> {
  const site = await everything(join(await temporaryDirectory(), "www"));
  for (const [size, forwardedBy, balance, headers] of WAYS) {
    const settings = { ...site, ...own.settings, forwardedBy, balance, trustedProxies: ["127.0.0.1"] };
    const { url } = await serveSite(settings, { size, executable: own.executable });
    const statusOf = async (path: string) => (await request(`${url}${path}`, { headers })).status;
    await expect.poll(() => statusOf("/"), { timeout: 10_000 }).toBe(200);
    const told = JSON.parse((await request(`${url}/exports`, { headers })).body).headers;
    expect([told["x-forwarded-for"], told["x-forwarded-proto"]]).toEqual(["192.0.2.7", "https"]);
    const statuses = await Promise.all(["/assets/site.css", "/own", "/status"].map(statusOf));
    expect(statuses).toEqual([200, 204, 200]);
  }
}

test("everything that a site sets goes together", () => serves({ executable: NGINX, settings: {} }), 60_000);

test("so it does with the JavaScript module", async (context) => {
  const { executable, module } = withNjs(context);
  await serves({ executable, settings: { flavour: "njs", ...(module && { njsModule: module }) } });
}, 60_000);
