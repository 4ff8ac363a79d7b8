import { spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { type Machine, MachineUnreachable, type RunOptions } from "#rollout/machine/machine.ts";

const ENTER = 'namespace=$1 script=$2; shift 2; exec ip netns exec "$namespace" sh -c "$script" sh "$@"';
const TUNNEL =
  'exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit; echo >&2; cat <&3 & cat <&4 >&3 & wait -n; kill $(jobs -p); wait';

/** A network namespace of this computer: its own addresses and ports, but shared files and processes. */
export class NamespaceMachine implements Machine {
  readonly name: string;
  readonly sharesFiles = true;
  readonly #here = new LocalMachine();

  constructor(name: string) {
    this.name = name;
  }

  run(script: string, args: readonly string[], options?: RunOptions): Promise<string> {
    return this.#here.run(ENTER, [this.name, script, ...args], options);
  }

  async connect(address: string, port: number): Promise<Duplex> {
    const command = ["netns", "exec", this.name, "bash", "-c", TUNNEL, "bash", address, String(port)];
    const child = spawn("ip", command, { env: { ...process.env, LC_ALL: "C" } });
    child.stdin.on("error", () => {});
    const [said] = await once(child.stderr, "data");
    const words = String(said).trim();
    if (words !== "") throw new MachineUnreachable(`${this.name}: ${words}`);
    const stream = new Duplex({
      read: () => void child.stdout.resume(),
      // A peer that closed its end reads nothing more, but what it sent last must still be read.
      write: (chunk, _, done) => void child.stdin.write(chunk, () => done()),
      final: (done) => void child.stdin.end(() => done()),
      destroy: (error, done) => {
        child.kill();
        done(error);
      },
    });
    child.stdout.on("data", (chunk) => stream.push(chunk) || child.stdout.pause());
    child.stdout.once("end", () => stream.push(null));
    return stream;
  }
}
