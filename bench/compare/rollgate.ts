import { freePort } from "../../harness/freePort.ts";
import { Project } from "../../test/endToEnd/project.ts";
import { pulumiEnvironment } from "../../tools/pulumiEnvironment.ts";
import { type Contender, JVM_OPTIONS } from "./contender.ts";
import { timed } from "./timed.ts";

/** `pulumi up`, with the defaults but for a soak, which nobody else has, and a warm-up. */
export class Rollgate implements Contender {
  readonly name: string;
  readonly url: string;
  readonly #project: Project;

  private constructor(order: string, url: string, project: Project) {
    this.name = `rollgate, ${order}`;
    this.url = url;
    this.#project = project;
  }

  static async create(order: "stop-first" | "start-first"): Promise<Rollgate> {
    const port = await freePort();
    const project = await Project.create(order);
    await project.configure({
      order,
      nginxPort: port,
      "hosts[0].name": "app-1",
      "hosts[0].port": await freePort(),
      "hosts[1].name": "app-2",
      "hosts[1].port": await freePort(),
      ...Object.fromEntries(JVM_OPTIONS.map((option, index) => [`jvmOptions[${index}]`, option])),
      soakSeconds: 0,
      "warmUp.paths[0]": "/hello",
    });
    return new Rollgate(order, `http://127.0.0.1:${port}`, project);
  }

  async begin(jar: string): Promise<void> {
    await this.roll(jar);
  }

  async roll(jar: string): Promise<number> {
    await this.#project.configure({ jar });
    const { directory } = this.#project;
    const { executable, env } = await pulumiEnvironment({
      PULUMI_BACKEND_URL: `file://${directory}/state`,
      PULUMI_CONFIG_PASSPHRASE: "not a secret",
    });
    const words = [executable, "--non-interactive", "--color=never", "up", "--yes", "--skip-preview"];
    return (await timed(words, { cwd: directory, env })).processor;
  }

  async remove(): Promise<void> {
    await this.#project.remove();
  }
}
