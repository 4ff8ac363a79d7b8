import pLimit, { type LimitFunction } from "p-limit";
import { atOnce } from "./atOnce.ts";
import { FEW_SERVERS } from "./connectionPool.ts";

/** Most of a login is waiting; with more at once, a deployer with few processors would make servers wait for it. */
const DIRECT_LOGINS = 32;

/** Logs in to many servers, as many at once as the way there allows. */
export class Logins {
  readonly #direct: LimitFunction;

  /** With few servers, how long a login takes says how far away one is, so it should not wait for others. */
  constructor(servers: number) {
    this.#direct = servers > FEW_SERVERS ? pLimit(DIRECT_LOGINS) : atOnce;
  }

  async atOnce<T>(
    machine: { readonly isDirect: () => Promise<boolean> },
    login: () => Promise<T>,
  ): Promise<T> {
    const limit = (await machine.isDirect()) ? this.#direct : atOnce;
    return limit(login);
  }
}
