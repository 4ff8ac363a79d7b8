import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRepository } from "../../tools/inRepository.ts";
import { type PulumiResult, runPulumi } from "../../tools/runPulumi.ts";

const PARTS = ["index.ts", "settings", "components", "provider", "kinds", "rollout", "node_modules"];

/** This project in a folder of its own, with a backend of its own: a stack that a test can do anything to. */
export class Project {
  readonly directory: string;
  readonly #stack: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(directory: string, stack: string, environment: NodeJS.ProcessEnv = {}) {
    this.directory = directory;
    this.#stack = stack;
    this.#environment = environment;
  }

  static async create(stack: string): Promise<Project> {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-test-"));
    for (const part of PARTS) await symlink(inRepository(part), join(directory, part));
    for (const file of ["Pulumi.yaml", "package.json"]) await cp(inRepository(file), join(directory, file));
    await mkdir(join(directory, "state"));
    const project = new Project(directory, stack);
    await project.pulumi("stack", "init", stack);
    return project;
  }

  /** Where the releases, the logs and nginx's files are. */
  get files(): string {
    return join(this.directory, ".rollgate", this.#stack);
  }

  async pulumi(...args: string[]): Promise<PulumiResult> {
    return runPulumi(args, {
      cwd: this.directory,
      env: {
        PULUMI_BACKEND_URL: `file://${join(this.directory, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "not a secret",
        ...this.#environment,
      },
    });
  }

  /** `key` may be a path such as `hosts[0].port`. */
  async configure(settings: Readonly<Record<string, string | number>>): Promise<void> {
    for (const [key, value] of Object.entries(settings)) {
      await this.pulumi("config", "set", "--path", "--", key, String(value));
    }
  }

  async up(): Promise<PulumiResult> {
    return this.pulumi("up", "--yes", "--skip-preview");
  }

  async output(name: string): Promise<unknown> {
    return JSON.parse((await this.pulumi("stack", "output", name, "--json")).output);
  }

  async remove(): Promise<void> {
    await this.pulumi("destroy", "--yes", "--skip-preview");
    await rm(this.directory, { recursive: true, force: true });
  }
}
