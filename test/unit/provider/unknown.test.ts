import { expect, test } from "vitest";
import * as sshServer from "#kinds/ssh/provisionedServer.ts";
import * as deployment from "#provider/deployment.ts";
import * as host from "#provider/hostResource.ts";
import * as nginx from "#provider/nginx.ts";
import { withoutUnknownImages } from "#provider/unknownImages.ts";
import { serving } from "../../../harness/serving.ts";

/** What Pulumi sends for an output that a preview can't know. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

// Nobody could log in there, so whoever asks fails.
const on = (server: string, address: string, part: string) => ({
  ...{ kind: "ssh", server, sshConfig: "/nowhere/config", supervisor: "systemd", address, port: 8080 },
  ...{ directory: `/srv/rollgate/prod/${part}`, unit: `rollgate-prod-${part}` },
});
const app = (server: string, address: string) => ({
  ...on(server, address, "app-1"),
  name: "app-1",
  graceSeconds: 35,
});
const front = (server: string) => ({
  ...on(server, "0.0.0.0", "nginx"),
  ...{ ...serving, controlPort: 20_080, executable: "nginx" },
  hosts: [{ name: "app-1", address: UNKNOWN, port: 8080 }],
});
const [old, next] = [app("deploy@app-1.invalid", "10.0.0.1"), app(UNKNOWN, UNKNOWN)];

test("a preview replaces a host whose server is to be made, and asks neither server", async () => {
  expect(await host.check({ olds: old, news: next })).toEqual({ inputs: next });
  expect(await host.diff({ olds: old, news: next })).toEqual({ changes: true, replaces: ["server"] });
});

test("a preview sets up a server that is to be made, and doesn't delete the old one before", async () => {
  const [from, to] = [old, next].map(({ graceSeconds, ...place }) => ({ place, user: "root", graceSeconds }));
  const news = { ...to, deployer: UNKNOWN, scriptHash: UNKNOWN };
  expect(await sshServer.check({ olds: { ...from }, news: { ...to } })).toEqual({ inputs: news });
  expect(await sshServer.diff({ olds: { ...from, scriptHash: "old" }, news })).toEqual({
    changes: true,
    replaces: ["place"],
  });
});

test("a preview changes the configuration of nginx if a host will have another address, and asks nobody", async () => {
  const inputs = { ...front("deploy@web.invalid"), configuration: UNKNOWN, running: true };
  expect(await nginx.check({ olds: {}, news: front("deploy@web.invalid") })).toEqual({ inputs });
  const olds = { ...inputs, configuration: "old" };
  expect(await nginx.diff({ olds, news: inputs })).toMatchObject({ changes: true, replaces: [] });
});

test("a preview replaces an nginx whose server is to be made, and lets the old one serve until then", async () => {
  const olds = { ...front("deploy@web.invalid"), configuration: "old", running: true };
  const news = { ...front(UNKNOWN), configuration: UNKNOWN, running: true };
  expect(await nginx.diff({ olds, news })).toEqual({ changes: true, replaces: ["server"] });
});

test("a preview shows which release every host is to run, with those whose address it can't know", async () => {
  const jar = { path: "/app.jar", version: "1.2.3", sha256: "c".repeat(64) };
  const hosts = [next, { ...old, name: "app-2" }];
  const olds = { rollingOrder: ["app-2: 1.2.3-cccccccccccc", "app-1: 1.2.3-cccccccccccc"] };
  const { inputs } = await deployment.check({ olds, news: { hosts, jar } });
  expect(inputs).toMatchObject({
    release: "1.2.3-cccccccccccc",
    rollingOrder: [
      "app-2: 1.2.3-cccccccccccc",
      "app-1: 1.2.3-cccccccccccc, at an address known after its server exists",
    ],
  });
  const unknownJar = await deployment.check({ olds, news: { hosts, jar: { path: UNKNOWN } } });
  expect(unknownJar.inputs).toMatchObject({ rollingOrder: UNKNOWN });
});

test("pods in a namespace that a preview can't know have no server to wait for", async () => {
  const jar = { path: "/app.jar", version: "1.2.3", sha256: "c".repeat(64) };
  const hosts = [{ kind: "kubernetes", name: "shop", namespace: UNKNOWN }];
  const { inputs } = await deployment.check({ olds: {}, news: { hosts, jar } });
  expect(inputs).toMatchObject({ rollingOrder: ["shop: 1.2.3-cccccccccccc"] });
});

test("an image that is not pushed yet hides nothing else, and comes back with it", () => {
  const canary = { hosts: ["app-1"], image: UNKNOWN };
  const { news, withImages } = withoutUnknownImages({ image: UNKNOWN, canary, stack: "prod" });
  expect(news).toEqual({ canary: { hosts: ["app-1"] }, stack: "prod" });
  expect(withImages({ release: "1", canary: { hosts: ["app-1"], release: "2" } })).toEqual({
    ...{ release: "1", image: UNKNOWN, canary: { hosts: ["app-1"], release: "2", image: UNKNOWN } },
  });
  const known = { image: "a", canary: { image: "b" } };
  expect(withoutUnknownImages(known).news).toEqual(known);
  expect(withoutUnknownImages({}).withImages({})).toEqual({});
});
