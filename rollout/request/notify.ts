import { z } from "zod";
import { show, text } from "./fields.ts";

const MOST = 10;
const EVENTS = ["start", "success", "failure", "rollback"] as const;

/** What a URL is called for: a roll begins, succeeds, fails, or takes a host back. */
export type NotifyEvent = (typeof EVENTS)[number];

/** A URL of HTTP without a password, which no message shows, since the rest of it may be a secret. */
export const webUrl = text
  .refine((url) => /^https?:$/.test(partsOf(url)?.protocol ?? ""), {
    error: "expected a URL that begins with https:// or http://, got something else",
  })
  .refine((url) => (partsOf(url)?.username ?? "") === "" && (partsOf(url)?.password ?? "") === "", {
    error: "expected a URL without a user name and a password",
  });

/** Where to post what happens. The URL may be a secret, so that no message shows it. */
const webhook = z.strictObject({
  url: webUrl,
  events: z
    .array(z.enum(EVENTS, { error: (issue) => `expected ${listed(EVENTS)}, got ${show(issue.input)}` }), {
      error: (issue) => `expected a list of events, got ${show(issue.input)}`,
    })
    .min(1, { error: "expected at least one event, got none" }),
  format: z.enum(["json", "slack"], {
    error: (issue) => `expected json or slack, got ${show(issue.input)}`,
  }),
});
export type Webhook = z.infer<typeof webhook>;

/** The webhooks of a stack. */
export const notify = z.array(webhook).max(MOST, { error: `expected at most ${MOST} URLs` });

/** All events. */
export const notifyEvents: readonly NotifyEvent[] = EVENTS;

function partsOf(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat("en", { type: "disjunction" }).format(words);
}
