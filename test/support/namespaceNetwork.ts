import { execFile } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { promisify } from "node:util";
import { messageOf } from "#rollout/common/errors.ts";

const run = promisify(execFile);

/** Network namespaces connected to each other and this process by a bridge in the first one. */
export class NamespaceNetwork {
  /** The address of this process. */
  readonly address: string;
  readonly #id = randomBytes(2).toString("hex");
  readonly #subnet = `10.${200 + randomInt(50)}.${randomInt(250)}`;
  readonly #names: string[] = [];

  private constructor() {
    this.address = `${this.#subnet}.254`;
  }

  static async create(): Promise<NamespaceNetwork> {
    const network = new NamespaceNetwork();
    const { namespace } = await network.#namespace();
    await ip("-n", namespace, "link", "add", "bridge", "type", "bridge");
    await ip("-n", namespace, "link", "set", "bridge", "up");
    const here = `rg-${network.#id}`;
    await ip("link", "add", here, "type", "veth", "peer", "name", "here", "netns", namespace);
    await ip("address", "add", `${network.address}/24`, "dev", here);
    await ip("link", "set", here, "up");
    await ip("-n", namespace, "link", "set", "here", "master", "bridge", "up");
    return network;
  }

  /** A namespace with an address that all others reach. */
  async add(): Promise<{ readonly namespace: string; readonly address: string }> {
    const [hub = ""] = this.#names;
    const { namespace, address } = await this.#namespace();
    const port = `port-${this.#names.length}`;
    await ip("-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", hub);
    await ip("-n", hub, "link", "set", port, "master", "bridge", "up");
    await ip("-n", namespace, "address", "add", `${address}/24`, "dev", "eth0");
    await ip("-n", namespace, "link", "set", "eth0", "up");
    return { namespace, address };
  }

  /** Also kills everything that runs in them. */
  async remove(): Promise<void> {
    for (const name of this.#names.toReversed()) {
      const { stdout } = await run("ip", ["netns", "pids", name]);
      for (const pid of stdout.split("\n").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
      await ip("netns", "delete", name);
    }
  }

  async #namespace() {
    const namespace = `rollgate-${this.#id}-${this.#names.length}`;
    await ip("netns", "add", namespace);
    this.#names.push(namespace);
    await ip("-n", namespace, "link", "set", "lo", "up");
    return { namespace, address: `${this.#subnet}.${this.#names.length}` };
  }
}

/** Why there are no network namespaces; `undefined` if there are. */
export async function noNamespaces(): Promise<string | undefined> {
  try {
    await (await NamespaceNetwork.create()).remove();
    return undefined;
  } catch (error) {
    return `no network namespaces: ${messageOf(error).trim().split("\n").at(-1)}`;
  }
}

async function ip(...words: readonly string[]): Promise<void> {
  await run("ip", words);
}
