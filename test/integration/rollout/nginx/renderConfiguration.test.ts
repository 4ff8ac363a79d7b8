import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { testConfiguration } from "../../../../harness/nginxProcess.ts";
import { skipWithoutIPv6 } from "../../../support/addresses.ts";
import { hostsInARow, NGINX, nginxSettings, twoSlotsInARow } from "../../../support/nginx.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

function longestName(number: number): string {
  return `a${"b".repeat(28)}-${String(number).padStart(2, "0")}`;
}

describe("the real nginx accepts the configuration", () => {
  async function accepts(settings: Partial<NginxSettings>, subdirectory = ""): Promise<void> {
    const directory = join(await temporaryDirectory(), subdirectory);
    for (const part of ["logs", "temp"]) await mkdir(join(directory, part), { recursive: true });
    const { text } = renderConfiguration(nginxSettings({ directory, port: await freePort(), ...settings }));
    await writeFile(join(directory, "nginx.conf"), text);
    await expect(testConfiguration(NGINX, directory, "nginx.conf")).resolves.toBeUndefined();
  }

  test.each([1, 2, 3, 7, 12, 50])("with %d hosts", async (size) => {
    await accepts({ hosts: hostsInARow(size) });
  });

  test.each([1, 4, 5, 15, 50])("with %d hosts with two slots", async (size) => {
    await accepts({ hosts: twoSlotsInARow(size) });
  });

  test.each([12, 50])("with %d hosts with the longest possible names", async (size) => {
    await accepts({ hosts: hostsInARow(size, longestName) });
    await accepts({ hosts: twoSlotsInARow(size, longestName) });
  });

  test("with IPv6 hosts, on an IPv6 address", async (context) => {
    skipWithoutIPv6(context, "::1");
    await accepts({
      address: "::1",
      hosts: [
        { name: "app-1", address: "::1", port: 8081 },
        { name: "app-2", address: "2001:db8:0:0:0:0:0:1", port: 8082 },
      ],
    });
  });

  test.each(["a b", "it's", "semi;colon {brace}", "# hash", "ünïcode"])(
    "in a directory called %j",
    async (name) => {
      await accepts({}, name);
    },
  );

  test("with addresses and networks that may read /status", async () => {
    await accepts({ statusAllow: ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "2001:db8::1"] });
  });

  test("with a health path of every allowed character", async () => {
    await accepts({ healthPath: "/Az09._~!&()*+,=:@%20/-" });
  });
});

describe("an nginx with its JavaScript module accepts the configuration", () => {
  const withNjs = useNjsNginx();

  async function accepts(context: TestContext, settings: Partial<NginxSettings>, subdirectory = "") {
    const { executable, module } = withNjs(context);
    const directory = join(await temporaryDirectory(), subdirectory);
    for (const part of ["logs", "temp"]) await mkdir(join(directory, part), { recursive: true });
    const njs = { flavour: "njs", ...(module && { njsModule: module }) } as const;
    const rendered = renderConfiguration(
      nginxSettings({ directory, port: await freePort(), ...njs, ...settings }),
    );
    for (const { name, text } of rendered.files) await writeFile(join(directory, name), text);
    await writeFile(join(directory, "nginx.conf"), rendered.text);
    await expect(testConfiguration(executable, directory, "nginx.conf")).resolves.toBeUndefined();
  }

  test.for([1, 2, 8, 12, 50])("with %d hosts", async (size, context) => {
    await accepts(context, { hosts: hostsInARow(size) });
  });

  test("with many hosts with the longest possible names", async (context) => {
    await accepts(context, { hosts: hostsInARow(22, longestName) });
    await accepts(context, { hosts: twoSlotsInARow(50, longestName) });
  });

  test.for(["a b", "it's", "semi;colon {brace}", "# hash", "ünïcode"])(
    "in a directory called %j",
    async (name, context) => {
      await accepts(context, {}, name);
    },
  );
});
