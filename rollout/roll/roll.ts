import { RollgateError } from "../common/errors.ts";
import { inOrder } from "../common/inOrder.ts";
import { secondsSince } from "../common/secondsSince.ts";
import { RollHooks } from "../hooks/rollHooks.ts";
import type { AppHost } from "../host/appHost.ts";
import type { LeaseStore, LeaseTiming } from "../lease/lease.ts";
import type { CountedInRoll } from "../ledger/countedInRoll.ts";
import type { LedgerFigures } from "../ledger/figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";
import { SharedClasses } from "../startupCache/sharedClasses.ts";
import { RollStatus } from "../status/rollStatus.ts";
import { alignDrains } from "./alignDrains.ts";
import { claimFleet } from "./claimFleet.ts";
import { follow } from "./followers.ts";
import { type FoundHost, foundHost } from "./foundHost.ts";
import { Orders } from "./order.ts";
import { stageEverywhere, untouched } from "./preflight.ts";
import type { Reporter } from "./reporter.ts";
import { rollAll, type TouchedHost } from "./rollAll.ts";
import { type FirstLook, type RollContext, type RollPolicy, reportTo } from "./rollContext.ts";
import type { DesiredRelease } from "./targets.ts";

/** How long an nginx that was lost is waited for before the roll ends. */
const RETURN_MILLISECONDS = 10_000;

/** The hosts, the proxy in front of them, and the store of their lease. */
export interface Fleet {
  readonly hosts: readonly AppHost[];
  readonly proxy: ReverseProxy;
  readonly leases: LeaseStore;
  /** If commands are repeated after a connection broke: sets what to check first. */
  fence?(assertHeld: () => Promise<void>): void;
  /** If connections are kept: called with one line when a broken one was restored. */
  onReconnect?(tell: (message: string) => void): void;
}

/** Who is rolling, who listens, and what may end the roll. */
export interface RollOptions {
  /** Shown to others who try to roll at the same time. */
  readonly owner: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly leaseTiming: LeaseTiming;
  /** Called once all hosts were looked at for the first time. */
  readonly onFirstLook?: FirstLook;
  /** For hooks. */
  readonly stack?: string;
  /** The name of its record and where people will find its report, for nginx's status page. */
  readonly id?: string;
  readonly reportUrl?: string;
  /** Gets what nginx counted, at the end of the roll, whether or not it failed. */
  readonly onCounted?: (counted: CountedInRoll) => void;
  /** Hides secrets in application output before it is shortened. */
  readonly redact?: (text: string) => string;
}

/** What a finished roll did. */
export interface RollResult {
  readonly release: string;
  /** In rolling order. */
  readonly rolled: readonly TouchedHost[];
  readonly durationSeconds: number;
  /** What nginx counted; absent if it counts nothing. */
  readonly ledger?: LedgerFigures;
  /** What its last look at the hosts found. */
  readonly found?: readonly FoundHost[];
  /** Not serious enough to fail, but worth a look. */
  readonly warnings: readonly string[];
}

/**
 * Brings every host to a release and touches only those that are not there yet: one after the other, or several at
 * once if none is running. Resume, retry and first deployment are the same loop. Throws `RollFailed` with the state of
 * every host; a failure before the first host is drained leaves nothing but staged files.
 */
export async function roll(
  fleet: Fleet,
  desired: DesiredRelease,
  policy: RollPolicy,
  options: RollOptions,
): Promise<RollResult> {
  const warnings: string[] = [];
  const status = new RollStatus(fleet.hosts, desired, options);
  const report = reportTo((each) => {
    options.reporter(each);
    status.hears(each);
  });
  const parts = {
    ...fleet,
    policy,
    orders: new Orders(policy.order),
    report,
    redact: options.redact ?? ((text: string) => text),
    ...(options.onFirstLook && { onFirstLook: options.onFirstLook }),
    warn: (message: string, host?: AppHost) => void warnings.push(host ? `${host.name} ${message}` : message),
  };
  const { stack = "" } = options;
  const facts = { stack, desired, hooks: policy.hooks ?? {} };
  const hooks = new RollHooks(facts, parts);
  try {
    return await rollOnce(fleet, desired, { ...parts, hooks, warnings, status }, options);
  } catch (error) {
    if (error instanceof RollgateError) await hooks.onFailure(error);
    throw error;
  }
}

/** The parts of a context that need no lease. */
interface Parts extends Omit<RollContext, "signal" | "assertHeld" | "assertHeldLately"> {
  readonly warnings: string[];
  readonly status: RollStatus;
}

async function rollOnce(
  fleet: Fleet,
  desired: DesiredRelease,
  { warnings, status, ...parts }: Parts,
  options: RollOptions,
): Promise<RollResult> {
  const began = performance.now();
  const { policy, report } = parts;
  const deadline = AbortSignal.timeout(policy.timing.rollDeadlineSeconds * 1000);
  const stopping = AbortSignal.any([options.signal, deadline]);
  const { lease, looking, ahead, staged } = await claimFleet(
    fleet.leases,
    desired,
    { ...parts, signal: stopping },
    options,
  );
  fleet.fence?.(() => lease.assertHeld());
  fleet.onReconnect?.((message) => report("reconnect", message));
  const warn = (message: string) => parts.warn(message);
  const ledger = new Ledger(fleet.hosts, fleet.proxy.counters, warn, policy.probeTraffic);
  const following = follow({ ledger, status }, fleet.proxy, lease, parts);
  let classes: SharedClasses | undefined;
  try {
    const context: RollContext = {
      ...parts,
      ...following,
      signal: AbortSignal.any([stopping, lease.signal]),
      assertHeld: () => lease.assertHeld(),
      assertHeldLately: () => lease.assertHeldLately(),
    };
    // What is staged meanwhile changes nothing for clients, so this is how it was before.
    const counting = ledger.begin();
    classes = policy.startupCache && new SharedClasses(context, desired);
    await stageEverywhere(desired, context, staged);
    await classes?.prepare(context.hosts);
    const isAligned = await alignDrains(context).catch(untouched);
    ledger.rollBegins();
    const found = {
      counting,
      counted: ledger,
      ...(classes && { classes }),
      ...(ahead && !isAligned && { ahead }),
    };
    const { rolled, fleet: seen, ended } = await rollAll(desired, { ...context, ...found }, ledger);
    const left = ended.then(() => fleet.proxy.end(RETURN_MILLISECONDS));
    // One that is back by then shows the outcome, too.
    if (fleet.proxy.hasLost) await left;
    const [missing] = await inOrder(left, status.succeeded(ledger.figures()));
    warnings.push(...missing);
    warnings.push(...status.problems(warnings));
    for (const warning of warnings) report("warning", warning);
    const [counted, figures] = [ledger.describe(), ledger.figures()];
    if (counted !== undefined) report("done", counted);
    const durationSeconds = secondsSince(began);
    return {
      release: desired.release,
      rolled,
      durationSeconds,
      ...(figures && { ledger: figures }),
      found: seen.map(foundHost),
      warnings,
    };
  } catch (error) {
    await ledger.end();
    await status.failed(error, ledger.figures());
    throw error;
  } finally {
    looking?.end();
    await classes?.end();
    await ledger.end();
    const counted = ledger.counted();
    if (counted) options.onCounted?.(counted);
    await fleet.proxy.end(0);
    // A lease that cannot be released expires by itself; the outcome so far matters more.
    await lease.release().catch(() => {});
  }
}
