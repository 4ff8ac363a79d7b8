import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { findCredentials, registryOf } from "#kinds/docker/registryCredentials.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const HUB = "https://index.docker.io/v1/";
const login = (user: string, password: string) => ({
  auth: Buffer.from(`${user}:${password}`).toString("base64"),
});

/** The environment of a user whose docker CLI has this configuration, and this helper. */
async function userWith(config: object | string, helper?: { name: string; script: string }) {
  const folder = await temporaryDirectory();
  const text = typeof config === "string" ? config : JSON.stringify(config);
  await writeFile(join(folder, "config.json"), text);
  if (helper) {
    const command = join(folder, `docker-credential-${helper.name}`);
    await writeFile(command, `#!/bin/sh\n${helper.script}`, { mode: 0o755 });
  }
  return { DOCKER_CONFIG: folder, PATH: `${folder}${delimiter}${process.env.PATH}` };
}

test.each([
  ["nginx:stable", HUB],
  ["acme/shop:1", HUB],
  ["docker.io/acme/shop:1", HUB],
  ["registry.example/shop:1", "registry.example"],
  ["127.0.0.1:5000/acme/shop@sha256:00", "127.0.0.1:5000"],
  ["localhost/shop", "localhost"],
])("%s comes from %s", (image, registry) => {
  expect(registryOf(image)).toBe(registry);
});

test("without a configuration, or one for this registry, there are no credentials", async () => {
  expect(await findCredentials("nginx", { DOCKER_CONFIG: await temporaryDirectory() })).toBeUndefined();
  const other = await userWith({ auths: { "other.example": login("me", "pw") } });
  expect(await findCredentials("registry.example/shop", other)).toBeUndefined();
});

test("a login in the configuration is found, for Docker Hub too", async () => {
  const auths = { [HUB]: login("hub", "a:b"), "https://registry.example": login("me", "secret") };
  const user = await userWith({ auths });
  expect(await findCredentials("acme/shop:1", user)).toEqual({
    username: "hub",
    password: "a:b",
    serveraddress: HUB,
  });
  expect(await findCredentials("registry.example/shop:1", user)).toEqual({
    username: "me",
    password: "secret",
    serveraddress: "registry.example",
  });
});

test("a helper serves its own registry, the store all others", async () => {
  const script =
    'read -r registry; printf \'{"ServerURL":"%s","Username":"me","Secret":"for %s"}\' "$registry" "$registry"';
  const user = await userWith({ credHelpers: { "registry.example": "ours" } }, { name: "ours", script });
  expect(await findCredentials("registry.example/shop", user)).toMatchObject({
    password: "for registry.example",
  });
  expect(await findCredentials("other.example/shop", user)).toBeUndefined();
  const store = await userWith({ credsStore: "ours", auths: { [HUB]: {} } }, { name: "ours", script });
  expect(await findCredentials("acme/shop", store)).toMatchObject({ password: `for ${HUB}` });
});

test("a helper may return a token, or nothing", async () => {
  const token = { name: "ours", script: 'cat >/dev/null; echo \'{"Username":"<token>","Secret":"abc"}\'' };
  expect(
    await findCredentials("registry.example/shop", await userWith({ credsStore: "ours" }, token)),
  ).toEqual({
    identitytoken: "abc",
    serveraddress: "registry.example",
  });
  const nothing = { name: "ours", script: "echo credentials not found in native keychain; exit 1" };
  expect(await findCredentials("nginx", await userWith({ credsStore: "ours" }, nothing))).toBeUndefined();
});

test("a helper that fails or is missing is named, and its output is not quoted", async () => {
  const failing = await userWith({ credsStore: "ours" }, { name: "ours", script: "echo a-secret; exit 3" });
  await expect(findCredentials("registry.example/shop", failing)).rejects.toThrow(
    /^expected docker-credential-ours to return the credentials for registry\.example, it exited with 3$/,
  );
  await expect(findCredentials("nginx", await userWith({ credsStore: "none" }))).rejects.toThrow(
    `expected docker-credential-none to return the credentials for ${HUB}, it is not on PATH`,
  );
});

test("DOCKER_AUTH_CONFIG comes first", async () => {
  const user = await userWith({ auths: { "registry.example": login("me", "old") } });
  const given = JSON.stringify({ auths: { "registry.example": login("ci", "new") } });
  expect(
    await findCredentials("registry.example/shop", { ...user, DOCKER_AUTH_CONFIG: given }),
  ).toMatchObject({
    username: "ci",
    password: "new",
  });
});

test("a configuration that is not JSON is rejected without quoting it", async () => {
  await expect(findCredentials("nginx", await userWith("a-secret"))).rejects.toThrow(
    /^expected the docker CLI's own format in .*config\.json, got something else$/,
  );
});
