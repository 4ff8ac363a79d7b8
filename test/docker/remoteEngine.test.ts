import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { releaseId } from "#rollout/release/release.ts";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";
import { nodeAppImage } from "../support/docker/nodeAppImage.ts";
import { fakeJar } from "../support/fakeJava.ts";
import { selfSigned } from "../support/selfSigned.ts";

const reason = await noDocker();
const withoutSsh = reason ?? (await noSshd());
const withoutTls = reason ?? ((await findExecutable("openssl")) ? undefined : "this machine has no openssl");

describe.skipIf(reason !== undefined)("an engine of another machine", { timeout: 120_000 }, () => {
  let images: { nginx: string; jre: string };
  let java: string;
  let folder: string;

  beforeAll(async () => {
    const { nginx } = await baseImages();
    const app = await nodeAppImage(nginx);
    images = { nginx, jre: app.image };
    java = app.java;
    folder = await mkdtemp(join(tmpdir(), "rollgate-remote-"));
  }, 300_000);

  afterEach(() => void vi.unstubAllEnvs());

  afterAll(async () => {
    if (images) await docker(["image", "rm", images.jre]);
    if (folder) await rm(folder, { recursive: true });
  });

  /** Deploys a release to the engine of DOCKER_HOST, and rolls to the next. */
  async function expectRolls(): Promise<void> {
    const fleet = await DockerFleet.create(1, {}, { images });
    try {
      const [old, next] = [
        await fakeJar({ version: "1.0.0" }, fleet.directory),
        await fakeJar({ version: "1.1.0" }, fleet.directory),
      ];
      const to = ({ path }: typeof old) => ({ jar: path, launch: { java }, timing: { soakSeconds: 0 } });
      for (const jar of [old, next]) {
        const { code, output } = await fleet.roll(to(jar));
        expect(code, output).toBe(0);
        // The first question over a new connection may take longer than a health check may.
        await expect.poll(() => fleet.releases(), { timeout: 20_000 }).toEqual({ "app-1": releaseId(jar) });
      }
    } finally {
      await fleet.remove();
    }
  }

  test.skipIf(withoutSsh !== undefined)("rolls over SSH", async () => {
    const servers = await SshServers.create();
    onTestFinished(() => servers.remove());
    await servers.add("engine");
    const ssh = await findExecutable("ssh");
    await writeFile(join(folder, "ssh"), `#!/bin/sh\nexec "${ssh}" -F "${servers.config}" "$@"\n`);
    await chmod(join(folder, "ssh"), 0o755);
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    vi.stubEnv("DOCKER_HOST", "ssh://engine");
    await expectRolls();
  });

  test.skipIf(withoutTls !== undefined)("rolls over TLS", async () => {
    const pair = await selfSigned();
    const read = (name: string) => readFile(join(pair, name));
    const [key, cert, ca] = [await read("key.pem"), await read("cert.pem"), await read("ca.pem")];
    const options = { key, cert, ca, requestCert: true, allowHalfOpen: true };
    const server = createServer(options, (secure) => {
      const plain = connect({ path: "/var/run/docker.sock", allowHalfOpen: true });
      secure.pipe(plain).pipe(secure);
      for (const [one, other] of [
        [secure, plain],
        [plain, secure],
      ] as const)
        one.on("error", () => {}).once("close", () => void other.destroy());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    vi.stubEnv("DOCKER_HOST", `tcp://127.0.0.1:${Object(server.address()).port}`);
    vi.stubEnv("DOCKER_TLS_VERIFY", "1");
    vi.stubEnv("DOCKER_CERT_PATH", pair);
    await expectRolls();
  });
});
