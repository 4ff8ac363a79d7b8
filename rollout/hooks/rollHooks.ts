import { messageOf, RollgateError } from "../common/errors.ts";
import { plainLine } from "../common/plainLine.ts";
import { secondsSince } from "../common/secondsSince.ts";
import type { AppHost } from "../host/appHost.ts";
import type { Hook, HookPoint, Hooks } from "../request/hooks.ts";
import { HostRollFailed, hostFailureIn } from "../roll/hostRollFailed.ts";
import { type DesiredRelease, targetOf } from "../roll/targets.ts";
import type { Ended } from "./command.ts";
import { HookFailed } from "./hookFailed.ts";
import { PrintedLines } from "./printedLines.ts";
import { runHere } from "./runHere.ts";

const LONGEST_NAME = 60;

/** What hooks are told about the roll. */
export interface HookFacts {
  readonly stack: string;
  readonly desired: DesiredRelease;
  readonly hooks: Hooks;
}

/** A host, for hooks. */
export type HookHost = Pick<AppHost, "name" | "runTask">;

/** Where and for whom a hook runs. */
interface Occasion {
  readonly host?: HookHost;
  /** The release before; empty if there was none. */
  readonly from: string;
}

/** The part of a roll's context that hooks need. */
interface HookContext {
  readonly proxy: { readonly url: string };
  report(phase: "hook", message: string, host?: HookHost): void;
  redact(text: string): string;
  warn(message: string): void;
}

/** Runs the user's commands at the moments of a roll; they are not interrupted if the roll is asked to stop. */
export class RollHooks {
  readonly #facts: HookFacts;
  readonly #context: HookContext;
  /** The first host of the roll, once there is one. */
  #first: Occasion | undefined;

  constructor(facts: HookFacts, context: HookContext) {
    this.#facts = facts;
    this.#context = context;
  }

  /**
   * To be called before each step that touches hosts; `first` is the one that the roll begins with. Runs `beforeRoll` the
   * first time, and returns whether it did: hosts should be observed anew then. Throws `HookFailed`.
   */
  async beforeRoll(first: HookHost, from: string): Promise<boolean> {
    if (this.#first) return false;
    this.#first = { host: first, from };
    return this.#runAll("beforeRoll", { from });
  }

  /** Returns whether anything ran; throws `HostRollFailed`, since the host was not touched. */
  async beforeHost(host: HookHost, from: string): Promise<boolean> {
    try {
      return await this.#runAll("beforeHost", { host, from });
    } catch (error) {
      if (!(error instanceof HookFailed)) throw error;
      throw new HostRollFailed({
        host: host.name,
        phase: "hook",
        what: `${host.name} was not touched: ${messageOf(error)}`,
        cause: error,
      });
    }
  }

  /** One more gate of a host that has passed all others; throws `HookFailed`. */
  async afterHost(host: HookHost, from: string): Promise<void> {
    await this.#runAll("afterHost", { host, from });
  }

  /** Once the release is in place; a failure is a warning. */
  async afterRoll(): Promise<void> {
    if (!this.#first) return;
    await this.#runAll("afterRoll", { from: this.#first.from }).catch((error: unknown) => {
      if (!(error instanceof RollgateError)) throw error;
      this.#context.warn(`${messageOf(error)}; the release is in place`);
    });
  }

  /** Told what failed, after everything was done about it; never throws, so that it can't hide that. */
  async onFailure(failure: unknown): Promise<void> {
    const { host, phase } = hostFailureIn(failure) ?? {};
    const variables = {
      ROLLGATE_HOST: host ?? "",
      ROLLGATE_PHASE: phase ?? "",
      ROLLGATE_FAILURE: plainLine(this.#context.redact(messageOf(failure))),
    };
    await this.#runAll("onFailure", { from: this.#first?.from ?? "" }, variables).catch((error: unknown) => {
      this.#context.report("hook", messageOf(error));
    });
  }

  async #runAll(point: HookPoint, occasion: Occasion, variables: Record<string, string> = {}) {
    const hooks = this.#facts.hooks[point] ?? [];
    for (const hook of hooks) await this.#run(point, hook, occasion, variables);
    return hooks.length > 0;
  }

  async #run(point: HookPoint, hook: Hook, { host, from }: Occasion, more: Record<string, string>) {
    const release = this.#releaseFor(host ?? this.#first?.host);
    const { report, redact } = this.#context;
    const name = nameOf(hook);
    const on = hook.where === "first-host" ? this.#first?.host : undefined;
    const about = on ?? host;
    const lines = new PrintedLines(redact, (line) => report("hook", `| ${line}`, about));
    const began = performance.now();
    report("hook", `${point}: ${name}`, about);
    const command = {
      words: typeof hook.command === "string" ? ["sh", "-c", hook.command] : hook.command,
      variables: { ...this.#variables(point, release, from), ROLLGATE_HOST: about?.name ?? "", ...more },
      deadlineSeconds: hook.deadlineSeconds,
    };
    const output = (text: string) => lines.add(text);
    let ended: Ended;
    try {
      ended = await (on ? on.runTask(release, command, output) : runHere(command, output));
    } catch (error) {
      throw new HookFailed(point, name, `could not be run: ${messageOf(error)}`, lines.last, error);
    } finally {
      lines.end();
    }
    if (ended !== 0) throw new HookFailed(point, name, describe(ended, hook), lines.last);
    report("hook", `${point}: done in ${secondsSince(began)} s`, about);
  }

  /** What that host is brought to, or else most of them. */
  #releaseFor(host: HookHost | undefined): string {
    const { desired } = this.#facts;
    return host ? targetOf(desired, host.name).release : desired.release;
  }

  #variables(point: HookPoint, release: string, from: string): Record<string, string> {
    return {
      ROLLGATE_STACK: this.#facts.stack,
      ROLLGATE_RELEASE: release,
      ROLLGATE_RELEASE_FROM: from,
      ROLLGATE_URL: this.#context.proxy.url,
      ROLLGATE_HOOK: point,
      ROLLGATE_PHASE: "",
      ROLLGATE_FAILURE: "",
    };
  }
}

function describe(ended: Ended, { deadlineSeconds }: Hook): string {
  return ended === "overdue"
    ? `was ended after ${deadlineSeconds} s (deadlineSeconds)`
    : `failed with exit code ${ended}`;
}

function nameOf({ command }: Hook): string {
  const text = typeof command === "string" ? command : command.join(" ");
  const line = plainLine(text.replaceAll(/\s+/g, " ").trim());
  return line.length > LONGEST_NAME ? `${line.slice(0, LONGEST_NAME)}…` : line;
}
