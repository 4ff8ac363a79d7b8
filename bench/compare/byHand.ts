import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { freePort } from "../../harness/freePort.ts";
import { until } from "../../harness/until.ts";
import { PlainNginx } from "../plainNginx.ts";
import { type Contender, HEALTH, JVM_OPTIONS } from "./contender.ts";
import { timed } from "./timed.ts";

/** Two servers of this machine, each a folder, behind an nginx whose configuration somebody wrote by hand. */
export class ByHand implements Contender {
  readonly name: string;
  readonly directory: string;
  readonly ports: readonly number[];
  readonly nginx: PlainNginx;
  readonly #words: (servers: ByHand, jar: string) => readonly string[];

  private constructor(
    name: string,
    place: Pick<ByHand, "directory" | "ports" | "nginx">,
    words: (servers: ByHand, jar: string) => readonly string[],
  ) {
    this.name = name;
    this.directory = place.directory;
    this.ports = place.ports;
    this.nginx = place.nginx;
    this.#words = words;
  }

  /** `words` are the command that rolls. */
  static async create(name: string, words: (servers: ByHand, jar: string) => readonly string[]) {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-compare-"));
    const ports = [await freePort(), await freePort()];
    const http = PlainNginx.balancing(ports);
    const nginx = await PlainNginx.start("nginx", join(directory, "nginx"), http);
    for (const [index, port] of ports.entries()) {
      const server = join(directory, `app-${index + 1}`);
      await mkdir(server);
      await writeFile(join(server, "start.sh"), startScript(server, port), { mode: 0o755 });
    }
    return new ByHand(name, { directory, ports, nginx }, words);
  }

  get url(): string {
    return this.nginx.url;
  }

  async begin(jar: string): Promise<void> {
    for (const index of this.ports.keys()) {
      const server = join(this.directory, `app-${index + 1}`);
      await timed(["sh", "-c", `cp "$1" "$2/app.jar" && "$2/start.sh"`, "sh", jar, server]);
    }
    for (const port of this.ports) await until(() => isUp(port));
  }

  async roll(jar: string): Promise<number> {
    const env = { ...process.env, HEALTH };
    return (await timed(this.#words(this, jar), { cwd: this.directory, env })).processor;
  }

  async remove(): Promise<void> {
    await endProcessesUnder(this.directory);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

function startScript(server: string, port: number): string {
  const java = `java ${JVM_OPTIONS.join(" ")} -jar ${server}/app.jar --server.port=${port}`;
  return `#!/bin/sh
cd ${server} || exit 1
setsid ${java} --server.address=127.0.0.1 >> app.log 2>&1 < /dev/null &
echo $! > app.pid
`;
}

async function isUp(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}${HEALTH}`).then(
    ({ ok }) => ok,
    () => false,
  );
}
