import { RollgateError } from "../common/errors.ts";
import { within } from "../common/within.ts";
import type { AppHost } from "../host/appHost.ts";
import type { LeaseStore } from "../lease/lease.ts";
import type { OneNginx } from "../nginx/oneNginx.ts";

const ANSWER_SECONDS = 30;
/** Observing a fleet must not be held up by one hanging host. */
const OBSERVE_SECONDS = 10;
/** An upload has its own deadline, and may wait for earlier ones. */
const STAGE_SECONDS = 3600;
const STOP_SECONDS = 60;
/** Methods that have their own deadline, or don't ask the machine. */
const BOUNDED_THEMSELVES = ["probe", "untilListening", "upstream", "visit", "runTask", "lastSeen"];
/** Methods that ask nobody. */
const AT_ONCE = ["guardBy"];

/** How long a method may take; `undefined` if it needs no deadline. */
type Deadline = (method: string, args: readonly unknown[]) => number | undefined;

/** Wraps a host whose disk or machine may hang: every call returns or throws in time. */
export function boundedHost(host: AppHost): AppHost {
  const { second } = host;
  const slot = second && bounded(second, second.name, hostSeconds);
  const whole = bounded(host, host.name, hostSeconds);
  return slot
    ? new Proxy(whole, { get: (target, key) => (key === "second" ? slot : Reflect.get(target, key)) })
    : whole;
}

function hostSeconds(method: string, args: readonly unknown[]): number | undefined {
  if (method === "observe") return OBSERVE_SECONDS;
  if (method === "stage" || method === "holds") return STAGE_SECONDS;
  if (method === "stop" || method === "stopForGood") return Number(args[0]) + STOP_SECONDS;
  return answerSeconds(method);
}

/** Wraps an nginx that may hang, or whose disk or machine may. */
export function boundedNginx(nginx: OneNginx): OneNginx {
  return bounded(nginx, `nginx at ${nginx.url}`, answerSeconds);
}

/** Wraps a lease store whose disk or machine may hang. */
export function boundedLeases(leases: LeaseStore): LeaseStore {
  return bounded(leases, "the lease", answerSeconds);
}

function answerSeconds(method: string): number | undefined {
  return BOUNDED_THEMSELVES.includes(method) ? undefined : ANSWER_SECONDS;
}

/**
 * Wraps a driver so that each of its methods, all of which return promises, has a deadline. A hanging call cannot be
 * cancelled and may hold one of the few threads Node uses to read files, so further calls fail until it has ended.
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
      if (AT_ONCE.includes(String(key))) return member.bind(target);
      return (...args: unknown[]) => {
        const seconds = deadline(String(key), args);
        const work = async () => Reflect.apply(member, target, args);
        return seconds === undefined ? work() : call(String(key), seconds, work);
      };
    },
  });
}
