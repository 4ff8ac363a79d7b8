import { readdir, rm, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import type { HostPlace } from "#rollout/host/hostPlace.ts";
import { parseCheckStatus } from "#rollout/nginx/checkStatus.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { controlUrl, freePort } from "../../harness/freePort.ts";
import { request } from "../../harness/request.ts";
import { until } from "../../harness/until.ts";
import { close, serveHttp } from "./httpServer.ts";
import { nginxSettings, serveNginx } from "./nginx.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** A host whose health answers a test can set. */
export interface CheckedHost {
  readonly member: HostPlace;
  /** Replaces its answer to checks; nothing means 200. */
  health: RequestListener;
  readonly kill: () => Promise<void>;
}

/** Answers every check with this status. */
export function answering(status: number): RequestListener {
  return (_, answer) => {
    answer.statusCode = status;
    answer.end('{"status":"UP"}');
  };
}

/** A host that answers with its name, and with 200 to checks. */
export async function checkedHost(name: string): Promise<CheckedHost> {
  const { port, server } = await serveHttp((asked, answer) =>
    asked.url === "/actuator/health" ? host.health(asked, answer) : void answer.end(name),
  );
  const host: CheckedHost = {
    member: { name, address: "127.0.0.1", port },
    health: answering(200),
    kill: () => close(server),
  };
  return host;
}

/** One of several hosts. */
export function hostAt<T>(hosts: readonly T[], index: number): T {
  const host = hosts[index];
  if (host === undefined) throw new Error(`there is no host ${index}`);
  return host;
}

/** Hosts behind a real nginx that checks them every 300 ms, all admitted. */
export class CheckedFleet {
  readonly hosts: readonly CheckedHost[];
  readonly url: string;
  readonly settings: NginxSettings;
  readonly #executable: string;

  private constructor(hosts: readonly CheckedHost[], settings: NginxSettings, executable: string) {
    this.hosts = hosts;
    this.settings = settings;
    this.url = `http://127.0.0.1:${settings.port}`;
    this.#executable = executable;
  }

  static async start(
    nginx: { readonly executable: string; readonly module: string },
    size: number,
    check: Partial<NginxSettings["check"]> = {},
  ): Promise<CheckedFleet> {
    const hosts = await Promise.all(
      Array.from({ length: size }, (_, index) => checkedHost(`app-${index + 1}`)),
    );
    const common = nginxSettings({
      directory: await temporaryDirectory(),
      port: await freePort(),
      flavour: "njs",
      hosts: hosts.map(({ member }) => member),
      ...(nginx.module && { njsModule: nginx.module }),
    });
    // A busy machine must not take a host down.
    const quick = { ...common.check, intervalMilliseconds: 100, timeoutMilliseconds: 200, rise: 2, fall: 4 };
    const settings = { ...common, check: { ...quick, ...check } };
    const fleet = new CheckedFleet(hosts, settings, nginx.executable);
    await fleet.serve(settings);
    await fleet.admit(...settings.hosts.map(({ name }) => name));
    return fleet;
  }

  serve(settings: NginxSettings): Promise<"started" | "reloaded" | "unchanged"> {
    return serveNginx(settings, this.#executable);
  }

  async drain(...names: readonly string[]): Promise<void> {
    for (const name of names) await writeFile(this.#flag(name), "");
  }

  async admit(...names: readonly string[]): Promise<void> {
    for (const name of names) await rm(this.#flag(name));
  }

  /** What `/status` says of each host. */
  async status() {
    const { body } = await request(`${controlUrl(this.settings.port)}/status?format=json`);
    return parseCheckStatus(Buffer.from(body));
  }

  async isUp(index: number): Promise<boolean> {
    return (await this.status())[index]?.up ?? false;
  }

  /** Waits until exactly these hosts are up. */
  async untilUp(...indices: readonly number[]): Promise<void> {
    await until(async () => (await this.status()).every(({ up }, index) => up === indices.includes(index)));
  }

  /** Which hosts answer the next requests; for failures, status and body. */
  async served(requests = 24): Promise<Set<string>> {
    const answers = await Promise.all(Array.from({ length: requests }, () => request(`${this.url}/`)));
    return new Set(answers.map(({ status, body }) => (status === 200 ? body : `${status} ${body}`)));
  }

  /** The script next to nginx.conf. */
  async scripts(): Promise<string[]> {
    return (await readdir(this.settings.directory)).filter((name) => name.endsWith(".js"));
  }

  #flag(name: string): string {
    return join(this.settings.directory, "drained", name);
  }
}
