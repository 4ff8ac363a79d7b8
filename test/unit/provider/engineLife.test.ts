import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "vitest";
import { until } from "../../../harness/until.ts";
import { inRepository } from "../../../tools/inRepository.ts";

/** A process that waits for calls as a provider does, after the first one: `call`. */
async function startProvider(call: string, { onTestFinished }: TestContext, env: NodeJS.ProcessEnv = {}) {
  const engine = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(engine, "listening");
  const program = `
    setInterval(() => {}, 1000);
    const { finishWithoutEngine } = await import("#provider/engineLife.ts");
    console.log("called");
    ${call}`;
  const { port } = Object(engine.address());
  const provider = spawn(
    process.execPath,
    ["--input-type=module", "-e", program, "--", "", `127.0.0.1:${port}`],
    {
      cwd: inRepository(),
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  onTestFinished(() => void (provider.exitCode ?? provider.kill("SIGKILL")));
  const printed = text(provider.stdout);
  await once(provider.stdout, "data");
  return { provider, printed, closeEngine: () => engine.close() };
}

test.concurrent("a provider ends soon after its engine is gone, whatever was called last, and not before", async (context) => {
  const { expect } = context;
  const { provider, closeEngine } = await startProvider("", context);
  const early = await Promise.race([once(provider, "exit"), once(AbortSignal.timeout(1_500), "abort")]);
  expect(early).toEqual([expect.any(Event)]);
  closeEngine();
  expect(await once(provider, "exit")).toEqual([1, null]);
}, 10_000);

test.concurrent("a running change finishes first, and learns that nobody waits for it any more", async (context) => {
  const { expect } = context;
  const { provider, printed, closeEngine } = await startProvider(
    `
    await finishWithoutEngine(async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      console.log("changed");
    });`,
    context,
  );
  closeEngine();
  await once(provider, "exit");
  expect(await printed).toBe("called\nchanged\n");
}, 15_000);

test.concurrent("what was compiled is kept for the next process, although a provider is killed at its end", async (context) => {
  const { expect } = context;
  const directory = await mkdtemp(join(tmpdir(), "rollgate-test-"));
  context.onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const env = { NODE_COMPILE_CACHE: directory, NODE_DISABLE_COMPILE_CACHE: undefined };
  const { provider } = await startProvider("", context, env);
  const files = async () =>
    (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  await until(async () => (await files()).length > 0, 10);
  expect(provider.exitCode).toBeNull();
}, 15_000);

test.concurrent("a provider runs on Node.js 20, which can't keep what it has compiled", async (context) => {
  const hook = `import { registerHooks } from "node:module";
    registerHooks({
      resolve: (name, { parentURL, ...context }, next) =>
        name === "node:module" && parentURL?.endsWith("/engineLife.ts")
          ? { url: "data:text/javascript,export default {}", format: "module", shortCircuit: true }
          : next(name, { parentURL, ...context }),
    });`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
  const { provider } = await startProvider(
    "await new Promise((resolve) => setTimeout(resolve, 1_200));",
    context,
    env,
  );
  const lived = await Promise.race([once(provider, "exit"), once(AbortSignal.timeout(1_500), "abort")]);
  context.expect(lived).toEqual([context.expect.any(Event)]);
}, 10_000);
