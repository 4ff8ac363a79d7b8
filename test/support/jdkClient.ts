import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** The JDK's own HTTP client with its defaults, which offer HTTP/2 to every server; one connection after another. */
export class JdkClient {
  readonly #child;
  readonly #printed: Promise<string>;

  private constructor(url: string) {
    const source = `${import.meta.dirname}/JdkClient.java`;
    this.#child = spawn("java", [source, url], { stdio: ["pipe", "pipe", "inherit"] });
    this.#printed = text(this.#child.stdout);
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  /** Returns once its first request was answered. */
  static async start(url: string): Promise<JdkClient> {
    const client = new JdkClient(url);
    await once(client.#child.stdout, "data");
    return client;
  }

  /** How many requests had which outcome, such as `HTTP_1_1 200`. */
  async stop(): Promise<Record<string, number>> {
    this.#child.stdin.end("stop\n");
    const lines = (await this.#printed).split("\n").filter((line) => line !== "" && line !== "ready");
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
    );
  }
}
