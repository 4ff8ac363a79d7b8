import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { NGINX_DIRECTORY } from "#kinds/docker/dockerDescriptors.ts";
import { dockerNginx } from "#kinds/docker/dockerNginx.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { containerLog, noDocker } from "../../harness/docker/engine.ts";
import { request } from "../../harness/request.ts";
import { describeNginx } from "../contract/nginx.ts";
import { nginxSettings } from "../support/nginx.ts";

const reason = await noDocker();

describe.skipIf(reason)(`in a container${reason ? ` (${reason})` : ""}`, () => {
  let fleet: DockerFleet;

  beforeAll(async () => {
    fleet = await DockerFleet.create(1);
  }, 300_000);

  afterAll(async () => {
    await fleet?.remove();
  }, 60_000);

  test("logs requests to Docker, and nginx's last error is found among many of them", async () => {
    const nginx = await dockerNginx.open(fleet.proxy);
    onTestFinished(() => nginx.close());
    const settings = nginxSettings({ user: "root", ...(await nginx.settings()) });
    const accessLog = { format: "json", rotateMegabytes: 100, keep: 5 } as const;
    await serveConfiguration(nginx.server, { ...settings, accessLog }, 5);
    for (let sent = 0; sent < 250; sent++) await request(`${fleet.url}/number-${sent}`);
    const logged = async () =>
      (await containerLog(fleet.proxy.container)).filter((line) => line.startsWith("{"));
    await expect.poll(async () => (await logged()).length, { timeout: 5_000 }).toBeGreaterThanOrEqual(250);
    const [last = ""] = (await logged()).slice(-1);
    expect(JSON.parse(last)).toMatchObject({ path: "/number-249", release: "" });
    expect(await nginx.server.lastError()).toBe("its log has no error");
    await nginx.server.machine.run("echo '[emerg] 1#1: made up' >/proc/1/fd/2", []);
    for (let sent = 0; sent < 250; sent++) await request(`${fleet.url}/later-${sent}`);
    expect(await nginx.server.lastError()).toContain("made up");
  }, 120_000);

  test("the file that spares requests the checks is where nginx's workers may write it", async () => {
    await fleet.serveNginx();
    const nginx = await dockerNginx.open(fleet.proxy);
    onTestFinished(() => nginx.close());
    const worker = 'grep -l "^nginx: worker" /proc/[0-9]*/cmdline | head -n 1';
    const script = `stat -c %u "$1/temp/up"; file=$(${worker}); stat -c %u "\${file%/cmdline}"`;
    const [folder, account] = (await nginx.server.machine.run(script, [NGINX_DIRECTORY])).trim().split("\n");
    expect(account).not.toBe("0");
    expect(folder).toBe(account);
  }, 60_000);

  describeNginx(async () => {
    const nginx = await dockerNginx.open(fleet.proxy);
    onTestFinished(() => nginx.close());
    return nginx;
  });
});
