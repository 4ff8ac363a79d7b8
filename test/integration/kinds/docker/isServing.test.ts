import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { inRepository } from "../../../../tools/inRepository.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const script = inRepository("kinds", "docker", "nginx", "is-serving.sh");

test.for([
  { tool: "bash", shell: "sh", providers: { bash: "bash" } },
  { tool: "nc", shell: "busybox", providers: { sh: "busybox", nc: "busybox" } },
])("an image with neither curl nor wget tells by $tool whether nginx serves", async (image, context) => {
  const { shell, providers } = image;
  const PATH = await temporaryDirectory();
  for (const [name, provider] of Object.entries(providers)) {
    const executable = await findExecutable(provider);
    context.skip(executable === undefined, `this machine has no ${provider}`);
    await symlink(executable ?? "", join(PATH, name));
  }
  const interpreter = (await findExecutable(shell)) ?? shell;
  const args = shell === "busybox" ? ["sh", script] : [script];
  const isServing = (port: number) =>
    promisify(execFile)(interpreter, [...args, String(port)], { env: { PATH }, timeout: 10_000 }).then(
      () => true,
      () => false,
    );
  const asked: unknown[] = [];
  const { port } = await serveHttp(({ url }, response) => {
    asked.push(url);
    response.end("njs 0123456789abcdef");
  });
  const { port: waiting } = await serveHttp((_, response) => response.writeHead(503).end("no host"));
  expect(await isServing(port)).toBe(true);
  expect(asked).toEqual(["/rollgate/configuration"]);
  expect(await isServing(waiting)).toBe(false);
  expect(await isServing(await freePort())).toBe(false);
});
