import { setTimeout as sleep } from "node:timers/promises";
import { GateFailed, messageOf, RollgateError } from "../common/errors.ts";
import { inOrder } from "../common/inOrder.ts";
import { poll } from "../common/poll.ts";
import type { AppHost } from "../host/appHost.ts";
import { judge } from "../host/probe.ts";
import type { LeaseGuard } from "../lease/lease.ts";
import type { RequestCounter } from "../ledger/requestCounter.ts";
import { endpoint } from "../machine/connections.ts";
import { type Flavour, flavour } from "../request/rollRequest.ts";
import type { StatusFile } from "../status/statusFile.ts";
import { parseCheckStatus } from "./checkStatus.ts";
import { UNSUMMED } from "./configuration/restShortcut.ts";
import type { GroupedNginxAccess } from "./nginxAccess.ts";
import type { OneNginx } from "./oneNginx.ts";
import type { UpstreamState } from "./reverseProxy.ts";
import { STANDBY_FLAG } from "./standby.ts";

const ANSWER_MILLISECONDS = 5_000;
/** What a change of a flag takes on its machine. */
const CHANGE_MILLISECONDS = 50;
const CONFIRM = { intervalMilliseconds: 20, deadlineMilliseconds: 5_000 };

/**
 * nginx, as a roll uses it. A host is drained by a flag file that each request looks at,
 * so nothing is ever reloaded: a reload closes idle client connections and loses requests.
 */
export class NginxProxy implements OneNginx {
  readonly url: string;
  readonly ledger: RequestCounter;
  readonly status: StatusFile;
  readonly #access: GroupedNginxAccess;
  /** What a roll has said about slots. */
  readonly #releases = new Map<string, { readonly place: string; readonly release: string }>();
  #flavour: Promise<Flavour> | undefined;
  #checksNobody = false;

  constructor(access: GroupedNginxAccess) {
    this.url = access.url;
    this.ledger = access.ledger;
    this.status = access.status;
    this.#access = access;
  }

  async preflight(hosts: readonly AppHost[], signal: AbortSignal): Promise<void> {
    const [, { body }] = await inOrder(this.drained(signal), this.#get("/rollgate/hosts", signal));
    const known = textOf(body).split(" ");
    const slots = hosts.flatMap((host) => [host, host.second ?? []].flat());
    const missing = slots.map(({ name }) => name).filter((name) => !known.includes(name));
    if (missing.length > 0) {
      throw new RollgateError(
        "not-in-nginx",
        `nginx at ${this.url} has no host ${missing.join(" and no host ")} in its configuration`,
      );
    }
  }

  guardBy(guard: LeaseGuard | undefined): boolean {
    return this.#access.guardBy(guard);
  }

  async drained(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { statusCode, body } = await this.#get("/rollgate/drained", signal);
    if (statusCode !== 200) {
      throw new RollgateError(
        "not-our-nginx",
        `expected the nginx of this stack at ${this.url}, got ${statusCode} from /rollgate/drained`,
      );
    }
    const [pool, ...names] = textOf(body).split(" ").filter(Boolean);
    // Somebody changed a flag by hand, and no request looks at it yet.
    if (pool === UNSUMMED) await this.#access.sumFlags();
    return new Set(names);
  }

  async drain(host: AppHost): Promise<void> {
    await this.#confirmed(this.#access.raiseFlag(host.name), host, true);
  }

  async admit(host: AppHost): Promise<void> {
    await this.#confirmed(this.mark(host.name, false), host, false);
  }

  answers({ name, address, port }: AppHost, release: string): void {
    this.#releases.set(name, { place: endpoint(address, port), release });
  }

  async standBy(isOn: boolean): Promise<void> {
    await (isOn ? this.#access.raiseFlag(STANDBY_FLAG) : this.#access.lowerFlag(STANDBY_FLAG));
  }

  standsBy(): Promise<boolean> {
    return this.#access.isFlagged(STANDBY_FLAG);
  }

  async mark(slot: string, drained: boolean): Promise<void> {
    if (drained) await this.#access.raiseFlag(slot);
    else await Promise.all([this.#access.lowerFlag(slot), this.#nameRelease(slot)]);
  }

  /** A log without it is no reason to leave a host out. */
  async #nameRelease(slot: string): Promise<void> {
    const named = this.#releases.get(slot);
    if (named) await this.#access.nameRelease(named.place, named.release).catch(() => {});
  }

  isListening(): Promise<boolean> {
    return this.#access.isListening();
  }

  reaches(url: string): Promise<boolean> {
    return this.#access.reaches(url);
  }

  async connections(host: AppHost): Promise<number> {
    return this.#access.connectionsTo(host.address, host.port);
  }

  async upstream(host: AppHost, signal: AbortSignal): Promise<UpstreamState> {
    try {
      const [reaching, checking] = [this.#reach(host, signal), this.#checkedIfAny(host)];
      checking.catch(() => {});
      const reached = await reaching;
      return reached.up ? ((await checking) ?? reached) : { ...reached, isItsAnswer: true };
    } catch (error) {
      // Whoever no longer wants to know has found nothing wrong with nginx.
      if (!signal.aborted) this.#flavour = undefined;
      return { up: false, detail: messageOf(error) };
    }
  }

  /**
   * Asked at the same time, since each may cost a round trip, and before it is known whether nginx itself checks anybody;
   * `undefined` if it doesn't.
   */
  async #checkedIfAny(host: AppHost): Promise<UpstreamState | undefined> {
    // Asked from the running nginx, because the settings may have changed since it was configured; once for all hosts.
    this.#flavour ??= this.#askFlavour().catch((error: unknown) => {
      this.#flavour = undefined;
      throw error;
    });
    const checking = this.#checksNobody ? undefined : this.#checked(host);
    checking?.catch(() => {});
    this.#checksNobody = (await this.#flavour) === "stock";
    return this.#checksNobody ? undefined : (checking ?? this.#checked(host));
  }

  async #askFlavour(): Promise<Flavour> {
    const { body } = await this.#get("/rollgate/configuration");
    const [word] = textOf(body).split(" ");
    const answer = flavour.safeParse(word);
    if (answer.success) return answer.data;
    throw new RollgateError(
      "not-our-nginx",
      `expected the nginx of this stack at ${this.url}, got ${textOf(body).slice(0, 100)}`,
    );
  }

  /** Lets nginx ask the host itself, from its side of the network, because active checks don't read the body. */
  async #reach(host: AppHost, signal: AbortSignal): Promise<UpstreamState> {
    const { statusCode, body } = await this.#get(`/rollgate/health/${host.name}`, signal);
    return judge(statusCode, textOf(body));
  }

  /** A server replaced before nginx noticed still counts as up, so its last check must have passed. */
  async #checked(host: AppHost): Promise<UpstreamState> {
    const { body } = await this.#get("/status?format=json");
    const name = endpoint(host.address, host.port);
    // The module checks a server once in each upstream.
    const servers = parseCheckStatus(body).filter((candidate) => candidate.name === name);
    const server = servers.find(({ up, fall }) => !up || fall > 0) ?? servers[0];
    if (!server) return { up: false, detail: `${name} is not in /status` };
    const { up, rise, fall } = server;
    return { up: up && fall === 0, detail: `${up ? "up" : "down"}, rise ${rise}, fall ${fall}` };
  }

  /** Asks for the first time when the change should have been made, since its answer may be long on its way. */
  async #confirmed(changing: Promise<void>, host: AppHost, drained: boolean): Promise<void> {
    const made = changing.then(() => true);
    const asking = Promise.race([made, sleep(CHANGE_MILLISECONDS, false)]).then((isMade) =>
      isMade ? this.#confirm(host, drained).then(() => true) : this.#isSeen(host, drained).catch(() => false),
    );
    const [, isSeen] = await inOrder(changing, asking);
    // Asked too early: the change may have waited for a new connection to its machine.
    if (!isSeen) await this.#confirm(host, drained);
  }

  async #isSeen(host: AppHost, drained: boolean): Promise<boolean> {
    return (await this.drained(AbortSignal.timeout(ANSWER_MILLISECONDS))).has(host.name) === drained;
  }

  async #confirm(host: AppHost, drained: boolean): Promise<void> {
    const confirmed = await poll(async () => (await this.#isSeen(host, drained)) || undefined, CONFIRM);
    if (!confirmed) {
      throw new GateFailed(
        "drain-unconfirmed",
        `nginx at ${this.url} does not ${drained ? "drain" : "admit"} ${host.name}: it does not see the flag file ${drained ? "appear" : "vanish"}`,
      );
    }
  }

  /** Without a `signal`, nothing but the time ends it: it may share a connection with questions of others. */
  async #get(path: string, signal?: AbortSignal) {
    const late = AbortSignal.timeout(ANSWER_MILLISECONDS);
    try {
      return await this.#access.get(path, signal ? AbortSignal.any([signal, late]) : late);
    } catch (error) {
      signal?.throwIfAborted();
      throw new RollgateError(
        "nginx-unreachable",
        `nginx at ${this.url} does not answer: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body).toString("utf8");
}
