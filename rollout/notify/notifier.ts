import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { messageOf } from "../common/errors.ts";
import type { KeptRoll } from "../record/recordFolder.ts";
import type { NotifyEvent, Webhook } from "../request/notify.ts";
import { jsonBody, slackBody } from "./messages.ts";

/** How long a server may take to answer, and how long it is left alone before the second and last try. */
export interface Patience {
  readonly answerMilliseconds: number;
  readonly pauseMilliseconds: number;
}

const PATIENCE: Patience = { answerMilliseconds: 5_000, pauseMilliseconds: 1_000 };

/** Tells others what happens to a roll, in order, while the roll goes on. Whether they hear it is not its concern. */
export class Notifier {
  readonly #webhooks: readonly { readonly webhook: Webhook; sending: Promise<void> }[];
  readonly #warn: (message: string) => void;
  readonly #patience: Patience;
  readonly #warned = new Set<Webhook>();
  readonly #told = new Set<string>();
  #dispatcher: Promise<Dispatcher> | undefined;

  /** `warn` gets one line for each webhook that can't be reached. */
  constructor(webhooks: readonly Webhook[], warn: (message: string) => void, patience = PATIENCE) {
    this.#webhooks = webhooks.map((webhook) => ({ webhook, sending: Promise.resolve() }));
    this.#warn = warn;
    this.#patience = patience;
  }

  /** Tells of an event; each has its first time in a roll only. */
  tell(event: NotifyEvent, roll: KeptRoll, detail?: string): void {
    const once = `${roll.record.id} ${event}`;
    if (this.#told.has(once)) return;
    this.#told.add(once);
    const what = `the ${event} of ${roll.record.outcome === "killed" ? "an earlier roll" : "this roll"}`;
    for (const each of this.#webhooks.filter(({ webhook }) => webhook.events.includes(event))) {
      const bodyOf = each.webhook.format === "slack" ? slackBody : jsonBody;
      const body = JSON.stringify(bodyOf(event, roll, detail));
      each.sending = each.sending.then(() => this.#deliver(each.webhook, what, body));
    }
  }

  /** Waits until everything was delivered or given up. */
  async close(): Promise<void> {
    await Promise.all(this.#webhooks.map(({ sending }) => sending));
    await (await this.#dispatcher)?.close().catch(() => {});
  }

  async #deliver(webhook: Webhook, what: string, body: string): Promise<void> {
    let problem = await this.#post(webhook.url, body);
    // One that has failed before must not hold up the end of a roll twice.
    if (problem !== undefined && !this.#warned.has(webhook)) {
      await sleep(this.#patience.pauseMilliseconds);
      problem = await this.#post(webhook.url, body);
    }
    if (problem === undefined || this.#warned.has(webhook)) return;
    this.#warned.add(webhook);
    // The rest of the URL is what makes it secret.
    const { origin } = new URL(webhook.url);
    this.#warn(`${origin} was not told about ${what}: ${problem}`);
  }

  /** Posts once, and returns what went wrong. */
  async #post(url: string, body: string): Promise<string | undefined> {
    try {
      const { request, EnvHttpProxyAgent } = await import("undici");
      this.#dispatcher ??= Promise.resolve(new EnvHttpProxyAgent());
      const answer = await request(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        dispatcher: await this.#dispatcher,
        signal: AbortSignal.timeout(this.#patience.answerMilliseconds),
      });
      await answer.body.dump({ limit: 65_536 });
      return answer.statusCode < 300 ? undefined : `it answered ${answer.statusCode}`;
    } catch (error) {
      if (Object(error).name === "TimeoutError")
        return `no answer within ${this.#patience.answerMilliseconds / 1000} s`;
      return messageOf(error);
    }
  }
}
