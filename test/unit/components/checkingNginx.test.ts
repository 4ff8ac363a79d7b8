import { describe, expect, test } from "vitest";
import { type DockerCheckingNginxArgs, nginxOnDocker } from "#kinds/docker/onDocker.ts";
import type { LocalNginxInputs } from "#kinds/local/localDescriptors.ts";
import { CheckingNginx } from "../../../components/checkingNginx.ts";
import { serving } from "../../../harness/serving.ts";
import { dockerProxy } from "../../support/dockerHost.ts";
import { known, mockPulumi } from "../../support/pulumi.ts";
import { validRequest } from "../../support/rollRequest.ts";

const {
  proxies: [proxy],
} = validRequest();
const args: LocalNginxInputs = {
  ...proxy,
  executable: "/usr/sbin/nginx",
  ...serving,
  hosts: validRequest().hosts.map(({ name, address, port }) => ({ name, address, port })),
  statusAllow: ["10.0.0.0/8"],
};

describe("nginx on this machine", () => {
  test("is a single child", async () => {
    const { tree } = await mockPulumi();
    new CheckingNginx("nginx", args);
    expect(await tree()).toEqual([
      "rollgate:index:CheckingNginx::nginx",
      "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:Nginx::nginx-server",
    ]);
  });

  test("the child gets nginx's place, the hosts and the checks, and nothing else", async () => {
    const { tree, resources } = await mockPulumi();
    new CheckingNginx("nginx", args);
    await tree();
    expect(resources.map(({ inputs }) => inputs)).toEqual([{}, { ...args, __provider: expect.any(String) }]);
  });

  test("a caller gets nginx's place, so that a preview knows it", async () => {
    const { tree } = await mockPulumi();
    const nginx = new CheckingNginx("nginx", args);
    expect(await known(nginx.proxies)).toEqual([proxy]);
    await tree();
  });
});

describe("several nginx in front of the same hosts", () => {
  const second = { ...proxy, directory: "/srv/nginx-8090", port: 8090, controlPort: 18_090 };
  const several = { ...args, others: [{ key: "8090", place: second }] };

  test("are a child each, which keeps its name whatever the order of the others", async () => {
    const { tree } = await mockPulumi();
    new CheckingNginx("nginx", several);
    expect((await tree()).slice(1)).toEqual([
      "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:Nginx::nginx-server",
      "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:Nginx::nginx-8090-server",
    ]);
  });

  test("serve the same, each in its place, and know where the lease is", async () => {
    const { tree, resources } = await mockPulumi();
    new CheckingNginx("nginx", several);
    await tree();
    const peers = [proxy, second];
    expect(resources.slice(1).map(({ inputs }) => inputs)).toEqual([
      { ...args, peers, __provider: expect.any(String) },
      { ...args, ...second, peers, keeper: "8090", __provider: expect.any(String) },
    ]);
  });

  test("a caller gets the places of all, the first one first", async () => {
    const { tree } = await mockPulumi();
    expect(await known(new CheckingNginx("nginx", several).proxies)).toEqual([proxy, second]);
    await tree();
  });
});

describe("nginx on a Docker engine", () => {
  const { kind: _, directory: __, executable: ___, ...serving } = args;
  const inputs = { ...serving, ...dockerProxy({ port: 80, address: "0.0.0.0" }) };
  const dockerArgs: DockerCheckingNginxArgs = {
    ...inputs,
    baseImage: "nginx:stable",
    network: "shop-prod",
    volume: "shop-prod-nginx",
  };

  async function declared(change: Partial<DockerCheckingNginxArgs> = {}) {
    const { tree, resources } = await mockPulumi();
    new CheckingNginx("nginx", nginxOnDocker({ ...dockerArgs, ...change }));
    const children = await tree();
    const all = Object.fromEntries(resources.map(({ name, inputs }) => [name, inputs]));
    return { children, all, names: resources.map(({ name }) => name) };
  }

  test("is a base image, an image, a volume, a container and a configuration", async () => {
    expect((await declared()).children.sort()).toEqual(
      [
        "rollgate:index:CheckingNginx::nginx",
        "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:DockerImage::nginx-base",
        "rollgate:index:CheckingNginx$docker:index/remoteImage:RemoteImage::nginx-image",
        "rollgate:index:CheckingNginx$docker:index/volume:Volume::nginx-files",
        "rollgate:index:CheckingNginx$docker:index/container:Container::nginx-container",
        "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:Nginx::nginx-server",
      ].sort(),
    );
  });

  test("publishes one port, restarts by itself, finishes its requests when it stops, and keeps its log short", async () => {
    const { all } = await declared();
    const image = Object(all["nginx-image"]).name;
    expect(all["nginx-container"]).toEqual({
      name: "shop-prod-nginx",
      image,
      networksAdvanced: [{ name: "shop-prod", aliases: ["nginx"] }],
      ports: [{ internal: 8080, external: 80, ip: "0.0.0.0" }],
      volumes: [{ volumeName: "shop-prod-nginx", containerPath: "/rollgate" }],
      healthcheck: {
        tests: ["CMD", "sh", "/opt/rollgate/is-serving.sh"],
        interval: "10s",
        timeout: "5s",
        retries: 3,
        startPeriod: "5s",
      },
      restart: "always",
      stopSignal: "SIGQUIT",
      stopTimeout: 30,
      destroyGraceSeconds: 30,
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
    });
    expect(all["nginx-files"]).toEqual({ name: "shop-prod-nginx" });
  });

  test("is published on IPv4 and IPv6 at the address ::", async () => {
    const { all } = await declared({ address: "::" });
    expect(Object(all["nginx-container"]).ports).toEqual([
      { internal: 8080, external: 80, ip: "0.0.0.0" },
      { internal: 8080, external: 80, ip: "::" },
    ]);
  });

  test("publishes HTTPS and HTTP/3, and sees the folders of a certificate, never single files", async () => {
    const files = {
      certificate: "/etc/letsencrypt/live/shop/fullchain.pem",
      key: "/etc/letsencrypt/live/shop/privkey.pem",
    };
    const tls = {
      ...files,
      ...{ port: 443, http2: true, http3: true, profile: "modern" as const, redirect: true, hstsSeconds: 0 },
      acmeWebroot: "/var/www/acme",
    };
    const { all } = await declared({ tls });
    expect(all["nginx-container"]).toMatchObject({
      ports: [
        { internal: 8080, external: 80, ip: "0.0.0.0" },
        { internal: 8443, external: 443, ip: "0.0.0.0" },
        { internal: 8443, external: 443, ip: "0.0.0.0", protocol: "udp" },
      ],
      mounts: ["/etc/letsencrypt", "/var/www/acme"].map((source) => ({
        type: "bind",
        source,
        target: `/opt/rollgate/host${source}`,
        readOnly: true,
      })),
    });
    const { acmeWebroot: _, ...plain } = { ...tls, certificate: "/srv/a/cert.pem", key: "/srv/b/key.pem" };
    const other = await declared({ tls: plain });
    expect(Object(other.all["nginx-container"]).mounts).toEqual(
      ["/srv/a", "/srv/b"].map((source) => expect.objectContaining({ source })),
    );
  });

  test("is built on the given base, with a tag that depends on its sources", async () => {
    const { all } = await declared();
    const tag = String(Object(all["nginx-image"]).triggers.tag);
    expect(tag).toMatch(/^[0-9a-f]{12}$/);
    expect(all["nginx-image"]).toEqual({
      name: `shop-prod-nginx:${tag}`,
      build: { context: "kinds/docker/nginx", buildArgs: { BASE: "nginx:stable" }, useLegacyBuilder: true },
      triggers: { tag },
      keepLocally: false,
    });
    const other = await declared({ baseImage: "nginx:mainline" });
    expect(Object(other.all["nginx-image"]).name).not.toBe(`shop-prod-nginx:${tag}`);
  });

  test("keeps its container when hosts, checks or limits change: those are reloaded", async () => {
    const [before, after] = [
      await declared(),
      await declared({ hosts: [], check: { ...args.check, rise: 9 }, statusAllow: [], flavour: "stock" }),
    ];
    for (const name of ["nginx-image", "nginx-files", "nginx-container"]) {
      expect(after.all[name]).toEqual(before.all[name]);
    }
  });

  test("gets the folders of static files from the engine's machine, read-only", async () => {
    const staticFiles = [{ path: "/assets", folder: "/var/www/shop" }];
    const { all } = await declared({ staticFiles });
    expect(all["nginx-container"]).toMatchObject({
      mounts: [{ type: "bind", source: "/var/www/shop", target: "/var/www/shop", readOnly: true }],
    });
    expect((await declared()).all["nginx-container"]).not.toHaveProperty("mounts");
  });

  test("gets its configuration after its container, and nothing else", async () => {
    const { all, names } = await declared();
    expect(all["nginx-server"]).toEqual({ ...inputs, __provider: expect.any(String) });
    expect(names.indexOf("nginx-container")).toBeLessThan(names.indexOf("nginx-server"));
  });

  test("passes its place to a caller, so that a preview knows it", async () => {
    const { tree } = await mockPulumi();
    const nginx = new CheckingNginx("nginx", nginxOnDocker(dockerArgs));
    expect(await known(nginx.proxies)).toEqual([dockerProxy({ port: 80, address: "0.0.0.0" })]);
    await tree();
  });
});
