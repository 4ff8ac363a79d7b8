import { once } from "node:events";
import { chmod, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openEngine, requireEngine } from "#kinds/engine/openEngine.ts";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { skipWithoutIPv6 } from "../../../support/addresses.ts";
import { dockerFolder } from "../../../support/dockerFolder.ts";
import { fakeEngine } from "../../../support/fakeEngine.ts";
import { close, serveHttp } from "../../../support/httpServer.ts";
import { selfSigned } from "../../../support/selfSigned.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { withoutDockerSettings } from "../../../support/withoutDockerSettings.ts";

withoutDockerSettings();

async function answers(given: string): Promise<string> {
  return requireEngine(openEngine(given), given).then(
    () => "yes",
    (error) => error.message,
  );
}

describe("an engine on a socket", () => {
  test("is asked there", async () => {
    const engine = await fakeEngine();
    expect(await answers(engine.url)).toBe("yes");
    expect(engine.asked).toEqual(["GET /_ping"]);
  });

  test("may have spaces and special characters in its path", async () => {
    const engine = await fakeEngine();
    const folder = join(await temporaryDirectory(), "my engine?#%20");
    await symlink(engine.socket, folder);
    expect(await answers(`unix://${folder}`)).toBe("yes");
  });

  test("is the one from the setting, regardless of DOCKER_HOST", async () => {
    const [named, other] = [await fakeEngine(), await serveHttp((_, answer) => void answer.end("OK"))];
    for (const host of [`tcp://127.0.0.1:${other.port}`, "ssh://nobody@127.0.0.1:1"]) {
      vi.stubEnv("DOCKER_HOST", host);
      expect(await answers(named.url)).toBe("yes");
    }
    expect(named.asked).toEqual(["GET /_ping", "GET /_ping"]);
  });

  test("is found by DOCKER_HOST and by the current context", async () => {
    const engine = await fakeEngine();
    vi.stubEnv("DOCKER_HOST", engine.url);
    expect(await answers("")).toBe("yes");
    vi.stubEnv("DOCKER_HOST", undefined);
    const { folder, addContext } = await dockerFolder({ currentContext: "test" });
    await addContext("test", { Endpoints: { docker: { Host: engine.url } } });
    vi.stubEnv("DOCKER_CONFIG", folder);
    expect(await answers("")).toBe("yes");
    expect(engine.asked).toHaveLength(2);
  });

  test("that is missing is reported with where it was expected", async () => {
    const socket = join(await temporaryDirectory(), "none.sock");
    const message = `expected a Docker engine at unix://${socket}, got connect ENOENT ${socket}`;
    expect(await answers(`unix://${socket}`)).toBe(message);
    vi.stubEnv("DOCKER_HOST", `unix://${socket}`);
    expect(await answers("")).toBe(message);
  });
});

describe("an engine on a port", () => {
  test.for(["127.0.0.1", "::1"])("is asked at %s", async (address, context) => {
    skipWithoutIPv6(context, address);
    const asked: (string | undefined)[] = [];
    const { port } = await serveHttp(
      (request, answer) => {
        asked.push(request.url);
        answer.end("OK");
      },
      { address },
    );
    expect(await answers(`tcp://${address.includes(":") ? `[${address}]` : address}:${port}`)).toBe("yes");
    expect(asked).toEqual(["/_ping"]);
  });

  test("that is missing is reported with where it was expected", async () => {
    const port = await freePort();
    expect(await answers(`tcp://127.0.0.1:${port}`)).toBe(
      `expected a Docker engine at tcp://127.0.0.1:${port}, got connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  test("that is something else, such as a web server, is reported too", async () => {
    const { port } = await serveHttp((_, answer) => void answer.writeHead(404).end("no such page"));
    expect(await answers(`tcp://127.0.0.1:${port}`)).toMatch(
      /^expected a Docker engine at tcp:\/\/127\.0\.0\.1:\d+, got \(HTTP code 404\) unexpected - no such page/,
    );
  });

  test("an invalid address is rejected", () => {
    expect(() => openEngine("tcp://:what")).toThrow(
      "expected unix:///…, tcp://host:port or ssh://user@host, got tcp://:what",
    );
  });
});

describe("an engine behind TLS", () => {
  /** An engine that answers only who has the key pair in `folder`. */
  async function secureEngine(folder: string): Promise<{ host: string; clients: (string | undefined)[] }> {
    const [key, cert] = [await readFile(join(folder, "key.pem")), await readFile(join(folder, "cert.pem"))];
    const clients: (string | undefined)[] = [];
    const server = createServer({ key, cert, ca: cert, requestCert: true }, (request, answer) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      clients.push(String(subject.CN));
      answer.end("OK");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => close(server));
    return { host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, clients };
  }

  test("is accessed with the key pair, and must have the expected certificate", async (context) => {
    context.skip(!(await findExecutable("openssl")), "this machine has no openssl");
    const [pair, otherPair] = [await selfSigned(), await selfSigned()];
    const { host, clients } = await secureEngine(pair);
    vi.stubEnv("DOCKER_TLS_VERIFY", "1");
    vi.stubEnv("DOCKER_CERT_PATH", pair);
    expect(await answers(host)).toBe("yes");
    expect(clients).toEqual(["rollgate-test"]);

    const impostor = await secureEngine(otherPair);
    expect(await answers(impostor.host)).toContain(
      `expected a Docker engine at ${impostor.host}, got self-signed certificate`,
    );
    expect(impostor.clients).toEqual([]);
  });

  test("may have any certificate if the user says so, as with the docker CLI", async (context) => {
    context.skip(!(await findExecutable("openssl")), "this machine has no openssl");
    const [pair, otherPair] = [await selfSigned(), await selfSigned()];
    await writeFile(join(pair, "ca.pem"), await readFile(join(otherPair, "ca.pem")));
    const { host, clients } = await secureEngine(pair);
    vi.stubEnv("DOCKER_TLS", "1");
    vi.stubEnv("DOCKER_CERT_PATH", pair);
    expect(await answers(host)).toBe("yes");
    expect(clients).toEqual(["rollgate-test"]);
  });

  test("is not accessed without the key pair", async () => {
    const folder = await temporaryDirectory();
    vi.stubEnv("DOCKER_TLS_VERIFY", "1");
    vi.stubEnv("DOCKER_CERT_PATH", folder);
    expect(() => openEngine("tcp://127.0.0.1:2376")).toThrow(join(folder, "ca.pem"));
  });
});

describe("an engine behind SSH", () => {
  /** An `ssh` on PATH that notes how it was called, and then carries bytes to a socket, or fails. */
  async function fakeSsh(socket: string): Promise<() => Promise<string>> {
    const folder = await temporaryDirectory();
    const script = `#!${process.execPath}
      require("node:fs").writeFileSync(${JSON.stringify(join(folder, "called"))}, process.argv.slice(2).join(" "));
      const engine = require("node:net").connect(${JSON.stringify(socket)});
      engine.on("error", () => {
        console.error("ann@build.example: Permission denied (publickey).");
        process.exit(255);
      });
      engine.on("close", () => process.stdin.destroy());
      process.stdin.pipe(engine).pipe(process.stdout);`;
    await writeFile(join(folder, "ssh"), script);
    await chmod(join(folder, "ssh"), 0o755);
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    return () => readFile(join(folder, "called"), "utf8");
  }

  test("is accessed through the user's own ssh, which runs docker's own command there", async () => {
    const engine = await fakeEngine({ "GET /containers/app/json": { Name: "/app" } });
    const called = await fakeSsh(engine.socket);
    const docker = openEngine("ssh://ann@build.example:2222");
    expect(await docker.getContainer("app").inspect()).toEqual({ Name: "/app" });
    expect(await called()).toMatch(
      /^-T -o BatchMode=yes .* -o ControlPath=\S+ .*-l ann -p 2222 -- build\.example docker system dial-stdio$/,
    );
  });

  test("handles many requests at once, and closes idle connections without an error", async () => {
    const engine = await fakeEngine({ "GET /containers/app/json": { Name: "/app" } });
    await fakeSsh(engine.socket);
    const docker = openEngine("ssh://ann@build.example");
    const uncaught = vi.fn();
    process.once("uncaughtException", uncaught);
    onTestFinished(() => void process.off("uncaughtException", uncaught));
    const ask = () => docker.getContainer("app").inspect();
    expect(await Promise.all(Array.from({ length: 6 }, ask))).toEqual(Array(6).fill({ Name: "/app" }));
    await sleep(100);
    expect(uncaught).not.toHaveBeenCalled();
  });

  /** An engine whose commands print `output` and end at once. */
  async function engineOfCommands(output: string): Promise<string> {
    const socket = join(await temporaryDirectory(), "docker.sock");
    const server = createPlainServer((_, response) => void response.end(JSON.stringify({ Id: "command" })));
    server.on("upgrade", (_, connection) => {
      connection.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
      connection.end(output);
    });
    await once(server.listen(socket), "listening");
    onTestFinished(() => close(server));
    return socket;
  }

  test("answers in full even if a command has ended before its answer is read", async () => {
    const output = "x".repeat(100_000);
    await fakeSsh(await engineOfCommands(output));
    const command = openEngine("ssh://ann@build.example").getExec("command");
    const stream = await command.start({ hijack: true, stdin: false });
    await sleep(500);
    expect(await text(stream)).toBe(output);
  });

  test("may have an IPv6 address and no user", async () => {
    const called = await fakeSsh((await fakeEngine()).socket);
    expect(await answers("ssh://[::1]")).toBe("yes");
    expect(await called()).toMatch(/ -o ControlPersist=\d+ -- ::1 docker system dial-stdio$/);
  });

  test("that does not answer is reported with its address and ssh's own message", async () => {
    await fakeSsh(join(await temporaryDirectory(), "none.sock"));
    expect(await answers("ssh://ann@build.example")).toBe(
      "expected a Docker engine at ssh://ann@build.example, got ann@build.example: Permission denied (publickey).",
    );
  });

  test("cannot be reached without an ssh", async () => {
    vi.stubEnv("PATH", await temporaryDirectory());
    expect(await answers("ssh://ann@build.example")).toBe(
      "expected a Docker engine at ssh://ann@build.example, got spawn ssh ENOENT",
    );
  });
});
