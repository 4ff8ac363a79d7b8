import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngine } from "#kinds/docker/openEngine.ts";
import { requireStayingHost } from "#kinds/docker/requireStayingHost.ts";
import { baseImages } from "../support/docker/baseImages.ts";
import { docker, noDocker } from "../support/docker/engine.ts";
import { dockerHost } from "../support/dockerHost.ts";

const reason = await noDocker();
const NETWORK = "rollgate-test-staying";
const [NGINX, APP] = [`${NETWORK}-nginx`, `${NETWORK}-app-1`];

describe.skipIf(reason !== undefined)("before an update of hosts", () => {
  const host = dockerHost({ name: "app-1", address: "10.77.0.11", port: 8080 });
  const served = `# hosts: ${JSON.stringify([{ name: host.name, address: host.address, port: host.port }])}`;

  beforeAll(async () => {
    const { nginx } = await baseImages();
    const idle = ["--detach", "--stop-signal", "KILL", "--network", NETWORK];
    await docker(["network", "create", NETWORK]);
    const script = 'mkdir -p /rollgate && echo "$0" > /rollgate/nginx.conf && exec sleep 600';
    await docker(["run", ...idle, "--name", NGINX, nginx, "sh", "-c", script, served]);
    await docker(["run", ...idle, "--name", APP, "--label", "rollgate.host=app-1", nginx, "sleep", "600"]);
  }, 120_000);

  afterAll(async () => {
    await docker(["rm", "--force", NGINX, APP]);
    await docker(["network", "rm", NETWORK]);
  });

  const check = (...hosts: (typeof host)[]) =>
    requireStayingHost(openEngine(""), {
      hosts,
      network: { name: NETWORK },
      proxy: { container: NGINX },
    }).then(
      () => "ready",
      ({ message }) => message,
    );

  test("one that stays where it is allows others to be added and removed", async () => {
    expect(await check(host, dockerHost({ name: "app-2", address: "10.77.0.12" }))).toBe("ready");
  });

  test("none that stays is rejected, as when the only host moves, unless no host is serving", async () => {
    expect(await check({ ...host, port: 9090 })).toBe(
      "hosts: expected at least one running host that stays where it is, got none of app-1: change or remove hosts one at a time",
    );
    await docker(["stop", APP]);
    expect(await check({ ...host, port: 9090 })).toBe("ready");
  });
});
