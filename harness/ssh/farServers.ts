import { appendFile, readFile, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "../freePort.ts";
import type { SshServer, SshServers } from "./sshServers.ts";

/** Puts servers as far away as wanted: their answers, and what is sent to them, arrive later. */
export class FarServers {
  /** How long a round trip takes, from now on for new connections and those that are there. */
  roundTripMilliseconds = 0;
  readonly #servers: SshServers;

  constructor(servers: SshServers) {
    this.#servers = servers;
  }

  /** Starts a server that is reached with the delay by its name. */
  async add(name: string): Promise<SshServer> {
    const server = await this.#servers.add(name);
    const { address, port: near } = server;
    const port = await freePort(address);
    createServer({ noDelay: true }, (client) => this.#join(client, near, address))
      .listen(port, address)
      .unref();
    await this.#servers.trust({ ...server, port });
    const text = await readFile(this.#servers.config, "utf8");
    // First in the file, because the first value of an option wins.
    await writeFile(this.#servers.config, `Host ${name}\n  Port ${port}\n`);
    await appendFile(this.#servers.config, text);
    return server;
  }

  /** What a handshake of TCP takes comes before the first byte. */
  #join(client: Socket, port: number, host: string): void {
    const begin = () => {
      const server = connect({ port, host, noDelay: true });
      this.#pass(client, server);
      this.#pass(server, client);
      client.resume();
    };
    client.on("error", () => {});
    client.pause();
    setTimeout(begin, this.roundTripMilliseconds);
  }

  #pass(from: Socket, to: Socket): void {
    const later = (work: () => void) => setTimeout(work, this.roundTripMilliseconds / 2);
    from.on("data", (bytes) => later(() => void to.write(bytes)));
    from.on("end", () => later(() => void to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => later(() => void to.end()));
  }
}
