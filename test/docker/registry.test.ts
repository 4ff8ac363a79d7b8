import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { create, read } from "#kinds/docker/pulledImage.ts";
import { requireImages } from "#kinds/docker/requireImages.ts";
import { openEngine } from "#kinds/engine/openEngine.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { privateRegistry } from "../support/docker/privateRegistry.ts";
import { temporaryDirectory } from "../support/temporaryDirectory.ts";

const reason = await noDocker();

describe.skipIf(reason !== undefined)("an image of a private registry", () => {
  /** A user whose docker CLI keeps the login in a helper. */
  async function loggedIn(user: string, password: string): Promise<void> {
    const folder = await temporaryDirectory();
    await writeFile(join(folder, "config.json"), JSON.stringify({ credsStore: "test" }));
    const answer = JSON.stringify({ Username: user, Secret: password });
    const script = `#!/bin/sh\ncat >/dev/null\necho '${answer}'\n`;
    await writeFile(join(folder, "docker-credential-test"), script, { mode: 0o755 });
    vi.stubEnv("DOCKER_CONFIG", folder);
    vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
    onTestFinished(() => void vi.unstubAllEnvs());
  }

  const check = (image: string) =>
    requireImages(openEngine(""), { containerImage: image }).then(
      () => "ready",
      ({ message }) => message,
    );

  test("is pulled as by the docker CLI, and no credentials are kept", async () => {
    const { image } = await privateRegistry("deploy", "a-secret-password");
    onTestFinished(() => docker(["image", "rm", image]).then(() => {}));
    await loggedIn("deploy", "a-secret-password");
    expect(await check(image)).toBe("ready");
    const inputs = { engine: "", image };
    expect(await create(inputs)).toEqual({ id: image, outs: inputs });
    expect(await docker(["image", "inspect", "--format", "{{.RepoTags}}", image])).toBe(`[${image}]`);
    expect(await read(image, inputs)).toEqual({ id: image, props: inputs });
  });

  test("without a login is rejected before anything is touched, with how to log in", async () => {
    const { image, host } = await privateRegistry("deploy", "a-secret-password");
    vi.stubEnv("DOCKER_CONFIG", await temporaryDirectory());
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await check(image)).toMatch(
      new RegExp(
        `^containerImage: expected an image that can be pulled, got ${image}: .*docker login ${host}`,
      ),
    );
    await expect(create({ engine: "", image })).rejects.toThrow(`cannot pull ${image}: `);
    expect(await read(image, { engine: "", image })).toEqual({ id: "", props: {} });
  });

  test("that the registry does not have is rejected in the registry's words", async () => {
    const { host } = await privateRegistry("deploy", "a-secret-password");
    await loggedIn("deploy", "a-secret-password");
    expect(await check(`${host}/shop:2.0.0`)).toMatch(
      `containerImage: expected an image that can be pulled, got ${host}/shop:2.0.0: manifest unknown`,
    );
  });
});
