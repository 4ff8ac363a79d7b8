import type { Dispatcher } from "undici";

/** Bytes of an answer that are read, and of one of which only the status counts. */
const [MOST_BYTES, IGNORED_BYTES] = [1_000_000, 65_536];

/** A question, and how long the answer may take. */
export interface Question {
  readonly url: string | URL;
  readonly headers: Record<string, string>;
  readonly timeoutSeconds: number;
  /** Whether only the status counts. */
  readonly withoutBody?: boolean;
}

/** Asks over HTTP, through the proxy of the environment if there is one; follows no redirects. */
export class WebClient {
  #dispatcher: Dispatcher | undefined;

  /** Throws if there is no answer, or none in time. */
  async ask(
    { url, headers, timeoutSeconds, withoutBody = false }: Question,
    signal: AbortSignal,
  ): Promise<{ readonly statusCode: number; readonly body: string }> {
    const { request, EnvHttpProxyAgent } = await import("undici");
    this.#dispatcher ??= new EnvHttpProxyAgent({ maxResponseSize: MOST_BYTES });
    const over = AbortSignal.timeout(timeoutSeconds * 1000);
    const options = { headers, dispatcher: this.#dispatcher, signal: AbortSignal.any([over, signal]) };
    try {
      const { statusCode, body } = await request(url, options);
      if (!withoutBody) return { statusCode, body: await body.text() };
      await body.dump({ limit: IGNORED_BYTES });
      return { statusCode, body: "" };
    } catch (error) {
      throw over.aborted ? new Error(`it took longer than ${timeoutSeconds} s`) : error;
    }
  }

  /** Ends what is still being asked. */
  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }
}
