import { RollgateError } from "../common/errors.ts";
import { within } from "../common/within.ts";
import type { AppHost } from "../host/appHost.ts";
import type { LeaseStore } from "../lease/lease.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";

const ANSWER_SECONDS = 30;
/** What a fleet is observed by: one host that hangs must not hold up all the others. */
const OBSERVE_SECONDS = 10;
/** An upload has a deadline of its own, and may wait for others before it. */
const STAGE_SECONDS = 3600;
const STOP_SECONDS = 60;
/** They have a deadline of their own and never throw. */
const BOUNDED_THEMSELVES = ["probe", "upstream"];

/** How long a method may take; `undefined` for one that needs no deadline. */
export type Deadline = (method: string, args: readonly unknown[]) => number | undefined;

/** A host whose disk or machine may hang: whatever it is asked ends in time, or throws. */
export function boundedHost(host: AppHost): AppHost {
  return bounded(host, host.name, (method, [graceSeconds]) => {
    if (method === "observe") return OBSERVE_SECONDS;
    if (method === "stage") return STAGE_SECONDS;
    if (method === "stop") return Number(graceSeconds) + STOP_SECONDS;
    return answerSeconds(method);
  });
}

/** A proxy whose disk or machine may hang. */
export function boundedProxy(proxy: ReverseProxy): ReverseProxy {
  return bounded(proxy, `nginx at ${proxy.url}`, answerSeconds);
}

/** A place of leases whose disk or machine may hang. */
export function boundedLeases(leases: LeaseStore): LeaseStore {
  return bounded(leases, "the lease", answerSeconds);
}

function answerSeconds(method: string): number | undefined {
  return BOUNDED_THEMSELVES.includes(method) ? undefined : ANSWER_SECONDS;
}

/**
 * The driver with a deadline for each of its methods, all of which give promises. Nothing can be done about a
 * call that hangs, and each may hold one of the few threads that Node reads files with: until it has ended,
 * the driver is asked nothing more.
 */
export function bounded<T extends object>(driver: T, name: string, deadline: Deadline): T {
  const hanging = new Set<string>();
  const call = async (method: string, seconds: number, work: () => Promise<unknown>) => {
    for (const other of hanging)
      throw new RollgateError("hangs", `${name} hangs: ${other} has not ended yet`);
    const working = work();
    try {
      return await within(seconds, `${name} hangs: ${method}`, working);
    } catch (error) {
      if (error instanceof RollgateError && error.code === "hangs") {
        hanging.add(method);
        working.catch(() => {}).finally(() => hanging.delete(method));
      }
      throw error;
    }
  };
  return new Proxy(driver, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        const seconds = deadline(String(key), args);
        const work = async () => Reflect.apply(member, target, args);
        return seconds === undefined ? work() : call(String(key), seconds, work);
      };
    },
  });
}
