import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findDockerHost } from "#kinds/engine/findDockerHost.ts";
import { dockerFolder } from "../../../support/dockerFolder.ts";

const endpoint = (host: string, more: object = {}) => ({ Endpoints: { docker: { Host: host, ...more } } });

describe("the engine is looked up in the same order as by the docker CLI", () => {
  test("the setting comes first", async () => {
    const { folder } = await dockerFolder({ currentContext: "work" });
    const environment = { DOCKER_CONFIG: folder, DOCKER_HOST: "tcp://10.0.0.1:2375", DOCKER_CONTEXT: "work" };
    expect(findDockerHost("unix:///run/other.sock", environment).host).toBe("unix:///run/other.sock");
  });

  test("then DOCKER_HOST, even if there is a context", async () => {
    const { folder } = await dockerFolder({ currentContext: "work" });
    const environment = { DOCKER_CONFIG: folder, DOCKER_HOST: "tcp://10.0.0.1:2375", DOCKER_CONTEXT: "work" };
    expect(findDockerHost("", environment)).toEqual({ host: "tcp://10.0.0.1:2375", verify: false });
  });

  test("then DOCKER_CONTEXT, then the current context of config.json", async () => {
    const { folder, addContext } = await dockerFolder({ currentContext: "home" });
    await addContext("home", endpoint("unix:///run/home.sock"));
    await addContext("work", endpoint("ssh://ann@work"));
    expect(findDockerHost("", { DOCKER_CONFIG: folder, DOCKER_CONTEXT: "work" })).toEqual({
      host: "ssh://ann@work",
      verify: true,
    });
    expect(findDockerHost("", { DOCKER_CONFIG: folder })).toEqual({
      host: "unix:///run/home.sock",
      verify: true,
    });
  });

  test.each([
    ["no config.json", undefined],
    ["one without a context", { auths: {} }],
    ["an empty context", { currentContext: "" }],
    ["the context called default", { currentContext: "default" }],
  ])("and the default socket with %s", async (_, config) => {
    const { folder } = await dockerFolder(config);
    expect(findDockerHost("", { DOCKER_CONFIG: folder })).toEqual({ host: "", verify: true });
  });

  test("the context called default is the default socket, whatever config.json says", async () => {
    const { folder } = await dockerFolder({ currentContext: "work" });
    expect(findDockerHost("", { DOCKER_CONFIG: folder, DOCKER_CONTEXT: "default" }).host).toBe("");
  });
});

describe("TLS", () => {
  const host = "tcp://10.0.0.1:2376";

  test("is on with DOCKER_TLS_VERIFY, with the key pair in DOCKER_CERT_PATH", () => {
    const environment = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/certs" };
    expect(findDockerHost("", environment)).toEqual({ host, verify: true, tlsDirectory: "/certs" });
  });

  test("the key pair is in the CLI's own folder by default, also for an engine from the setting", () => {
    const environment = { DOCKER_TLS_VERIFY: "1", DOCKER_CONFIG: "/home/ann/.docker" };
    expect(findDockerHost(host, environment)).toEqual({
      host,
      verify: true,
      tlsDirectory: "/home/ann/.docker",
    });
  });

  test("does not verify the server with DOCKER_TLS alone", () => {
    const environment = { DOCKER_HOST: host, DOCKER_TLS: "1", DOCKER_CERT_PATH: "/certs" };
    expect(findDockerHost("", environment)).toEqual({ host, verify: false, tlsDirectory: "/certs" });
  });

  test("of a context uses the key pair stored with it", async () => {
    const { folder, addContext, tlsOf } = await dockerFolder({ currentContext: "work" });
    await addContext("work", endpoint(host, { SkipTLSVerify: false }));
    await mkdir(tlsOf("work"), { recursive: true });
    await writeFile(join(tlsOf("work"), "ca.pem"), "");
    expect(findDockerHost("", { DOCKER_CONFIG: folder })).toEqual({
      host,
      verify: true,
      tlsDirectory: tlsOf("work"),
    });
  });

  test("of a context may skip verifying the server", async () => {
    const { folder, addContext } = await dockerFolder({ currentContext: "work" });
    await addContext("work", endpoint(host, { SkipTLSVerify: true }));
    expect(findDockerHost("", { DOCKER_CONFIG: folder })).toEqual({ host, verify: false });
  });
});

describe("what cannot be parsed is rejected with one line that names the file", () => {
  test("a missing context", async () => {
    const { folder } = await dockerFolder({ currentContext: "gone" });
    expect(() => findDockerHost("", { DOCKER_CONFIG: folder })).toThrow(
      expect.objectContaining({
        code: "docker-context",
        message: expect.stringMatching(
          `^expected the current docker context gone in ${folder}/contexts/meta/[0-9a-f]{64}/meta.json, found none$`,
        ),
      }),
    );
  });

  test("a context without an engine", async () => {
    const { folder, addContext } = await dockerFolder({ currentContext: "work" });
    await addContext("work", { Endpoints: {} });
    expect(() => findDockerHost("", { DOCKER_CONFIG: folder })).toThrow(
      expect.objectContaining({
        code: "docker-config",
        message: expect.stringMatching(
          /^expected the docker CLI's own format in \/.*\/meta.json, got something else$/,
        ),
      }),
    );
  });

  test("an invalid config.json, without quoting it", async () => {
    const { folder } = await dockerFolder('"auth": "YW5uOmh1bnRlcjI="');
    expect(() => findDockerHost("", { DOCKER_CONFIG: folder })).toThrow(
      expect.objectContaining({
        code: "docker-config",
        message: `expected the docker CLI's own format in ${folder}/config.json, got something else`,
      }),
    );
  });
});
