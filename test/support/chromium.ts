import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";

const NAMES = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"];
const MESSAGE = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** How a page is looked at. */
export interface Looks {
  readonly width: number;
  readonly scheme: "light" | "dark";
  readonly medium?: "screen" | "print";
  /** How many pixels of the screen make up one of the page. */
  readonly density?: number;
}

/** The Chromium of this machine, if it has one that runs: that of a distribution may only tell where to get it. */
export function findChromium(): string | undefined {
  return NAMES.find((name) => {
    const { status, stdout } = spawnSync(name, ["--version"], { encoding: "utf8", timeout: 20_000 });
    return status === 0 && /^(Google Chrome|Chromium) \d/m.test(stdout);
  });
}

/** A page in a Chromium of its own, which is driven through a pipe by the DevTools protocol. */
export class Chromium implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #heard = new Map<string, () => void>();
  /** What the browser complained about: scripts, the policy of the page, and what could not be loaded. */
  complaints: string[] = [];
  /** The addresses that were asked for. */
  requests: string[] = [];
  #session: string | undefined;
  #last = 0;
  #width = 0;

  constructor(executable: string) {
    this.#profile = mkdtempSync(join(tmpdir(), "rollgate-chromium-"));
    const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    this.#process = spawn(
      executable,
      [
        "--headless=new",
        "--remote-debugging-pipe",
        `--user-data-dir=${this.#profile}`,
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        ...root,
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    this.#read(this.#process.stdio[4] as Readable);
    this.#process.once("exit", () => {
      for (const answer of this.#waiting.values()) answer.reject(new Error("Chromium has ended"));
    });
  }

  /** Opens a page and waits until it is loaded. */
  async open(url: string): Promise<void> {
    this.#session = undefined;
    [this.complaints, this.requests] = [[], []];
    const { targetId } = z
      .object({ targetId: z.string() })
      .parse(await this.#send("Target.createTarget", { url: "about:blank" }));
    const attached = await this.#send("Target.attachToTarget", { targetId, flatten: true });
    this.#session = z.object({ sessionId: z.string() }).parse(attached).sessionId;
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.#send(`${domain}.enable`);
    const loaded = new Promise<void>((resolve) => this.#heard.set("Page.loadEventFired", resolve));
    await this.#send("Page.navigate", { url });
    await loaded;
  }

  async look({ width, scheme, medium = "screen", density = 1 }: Looks): Promise<void> {
    this.#width = width;
    const metrics = { width, height: 800, deviceScaleFactor: density, mobile: false };
    await this.#send("Emulation.setDeviceMetricsOverride", metrics);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.#send("Emulation.setEmulatedMedia", { media: medium, features });
  }

  /** What an expression of JavaScript comes to in the page. */
  async ask(expression: string): Promise<unknown> {
    const answer = await this.#send("Runtime.evaluate", { expression, returnByValue: true });
    return z.object({ result: z.object({ value: z.unknown() }) }).parse(answer).result.value;
  }

  /** The page from top to bottom as PNG, or a part of its height. */
  async screenshot(part?: { readonly y: number; readonly height: number }): Promise<Buffer> {
    const clip = part && { x: 0, width: this.#width, scale: 1, ...part };
    const answer = await this.#send("Page.captureScreenshot", { captureBeyondViewport: true, clip });
    return Buffer.from(z.object({ data: z.string() }).parse(answer).data, "base64");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #send(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const message = JSON.stringify({ id, method, params, sessionId: this.#session });
    (this.#process.stdio[3] as Writable).write(`${message}\0`);
    return answer.promise;
  }

  async #read(pipe: Readable): Promise<void> {
    let text = "";
    for await (const chunk of pipe.setEncoding("utf8")) {
      const messages = `${text}${chunk}`.split("\0");
      text = messages.pop() ?? "";
      for (const message of messages) this.#hear(message);
    }
  }

  #hear(text: string): void {
    const { id, method, params, result, error } = MESSAGE.parse(JSON.parse(text));
    if (id !== undefined) {
      const answer = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) answer?.reject(new Error(error.message));
      else answer?.resolve(result);
    }
    if (method === undefined) return;
    this.#heard.get(method)?.();
    if (/^(Log\.entryAdded|Runtime\.(consoleAPICalled|exceptionThrown))$/.test(method))
      this.complaints.push(JSON.stringify(params));
    if (method === "Network.requestWillBeSent")
      this.requests.push(z.object({ request: z.object({ url: z.string() }) }).parse(params).request.url);
  }
}
