import { readdir, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { join } from "node:path";
import { slotsOf, type TwoSlots } from "#rollout/host/slots.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { STANDBY_FLAG } from "#rollout/nginx/standby.ts";
import { controlUrl, freePort } from "../../harness/freePort.ts";
import { request } from "../../harness/request.ts";
import { until } from "../../harness/until.ts";
import { close, serveHttp } from "./httpServer.ts";
import { hostsInARow, localNginxAccess, nginxSettings, serveNginx } from "./nginx.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** Hosts behind a real nginx; a slot that is filled answers its name, an empty one breaks off and remembers it. */
export class SlotFleet {
  readonly settings: NginxSettings;
  readonly url: string;
  /** The names of empty slots that were asked for something else than their health. */
  readonly tried = new Set<string>();
  readonly #servers = new Map<string, Server>();
  readonly #filled = new Set<string>();
  readonly #executable: string | undefined;

  private constructor(settings: NginxSettings, executable: string | undefined) {
    this.settings = settings;
    this.url = `http://127.0.0.1:${settings.port}`;
    this.#executable = executable;
  }

  /** The same before an nginx that checks them ten times a second. */
  static async checked(
    { executable, module }: { executable: string; module: string },
    size: number,
    settings: Partial<NginxSettings> = {},
  ) {
    const check = { path: "/actuator/health", intervalMilliseconds: 100, timeoutMilliseconds: 200 };
    const njs = { flavour: "njs", ...(module && { njsModule: module }) } as const;
    return SlotFleet.start(
      size,
      { ...settings, ...njs, check: { ...check, rise: 1, fall: 3, expect: ["2xx"] } },
      { executable },
    );
  }

  /** All slots are drained and empty; hosts have two of them unless told otherwise. */
  static async start(
    size: number,
    settings: Partial<NginxSettings> = {},
    { slots = 2, executable }: { readonly slots?: 1 | 2; readonly executable?: string } = {},
  ): Promise<SlotFleet> {
    const hosts: TwoSlots[] = await Promise.all(
      hostsInARow(size).map(async ({ name, address }) => {
        const [port, second] = [await freePort(), await freePort()];
        return { name, address, port, ...(slots === 2 && { second: { address, port: second } }) };
      }),
    );
    const common = { directory: await temporaryDirectory(), port: await freePort(), hosts };
    const fleet = new SlotFleet(nginxSettings({ ...common, ...settings }), executable);
    await fleet.listen(...hosts.flatMap(slotsOf));
    await fleet.serve();
    return fleet;
  }

  get hosts(): readonly TwoSlots[] {
    return this.settings.hosts;
  }

  /** The names of the slots of each host. */
  get names(): readonly (readonly [string, string])[] {
    return this.hosts.map(({ name }) => [name, `${name}_b`]);
  }

  async listen(...slots: readonly { readonly name: string; readonly port: number }[]): Promise<void> {
    for (const { name, port } of slots) {
      const { server } = await serveHttp(
        (asked, answer) => {
          const filled = this.#filled.has(name);
          if (asked.url === "/actuator/health") answer.writeHead(filled ? 200 : 503).end('{"status":"UP"}');
          else if (filled) answer.end(name);
          else {
            this.tried.add(name);
            asked.socket.destroy();
          }
        },
        { port },
      );
      this.#servers.set(name, server);
    }
  }

  async serve(settings = this.settings): Promise<"started" | "reloaded" | "unchanged"> {
    return serveNginx(settings, this.#executable);
  }

  fill(...names: readonly string[]): void {
    for (const name of names) this.#filled.add(name);
  }

  /** Exactly these slots are filled and take traffic. */
  async admitOnly(...names: readonly string[]): Promise<void> {
    this.fill(...names);
    if (this.settings.flavour === "njs")
      await until(async () => (await this.up()).isSupersetOf(new Set(names)));
    await this.#forgetSum();
    for (const name of names) await rm(this.#flag(name), { force: true });
    for (const name of this.#servers.keys()) {
      if (names.includes(name)) continue;
      await writeFile(this.#flag(name), "");
      this.#filled.delete(name);
    }
    await localNginxAccess(this.settings).sumFlags();
  }

  /** Moves every host to these slots; the applications in the others are kept, drained, as in a soak. */
  async soakIn(...names: readonly string[]): Promise<void> {
    const before = [...this.#filled];
    await this.admitOnly(...names);
    for (const name of before) this.#filled.add(name);
    await this.#forgetSum();
    await writeFile(this.#flag(STANDBY_FLAG), "");
  }

  /** The application in this slot ends without a drain. */
  async kill(name: string): Promise<void> {
    const server = this.#servers.get(name);
    if (server) await close(server);
  }

  async drained(): Promise<string[]> {
    const names = await readdir(join(this.settings.directory, "drained"));
    return names.filter((name) => !name.startsWith(".")).sort();
  }

  /** How many of the next requests each slot answers; for failures, by status and body. */
  async answers(requests: number): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const client = async () => {
      for (let sent = 0; sent < requests / 4; sent++) {
        const { status, body } = await request(`${this.url}/`);
        const who = status === 200 ? body : `${status} ${body}`;
        counts.set(who, (counts.get(who) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 4 }, client));
    return counts;
  }

  /** Who answers the next requests. */
  async served(requests: number): Promise<ReadonlySet<string>> {
    return new Set((await this.answers(requests)).keys());
  }

  /** The slots that nginx's own checks see up. */
  async up(): Promise<Set<string>> {
    const { body } = await request(`${controlUrl(this.settings.port)}/status?format=json`);
    const servers: { readonly host: string; readonly status: string }[] = JSON.parse(body).servers.server;
    return new Set(servers.filter(({ status }) => status === "up").map(({ host }) => host));
  }

  /** Flags are changed by hand here, which nginx must see at once. */
  async #forgetSum(): Promise<void> {
    const folder = join(this.settings.directory, "drained");
    for (const name of await readdir(folder)) if (name.startsWith(".")) await rm(join(folder, name));
  }

  #flag(name: string): string {
    return join(this.settings.directory, "drained", name);
  }
}
