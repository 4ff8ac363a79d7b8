import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { writeJar } from "../../harness/zip.ts";
import { inRepository } from "../../tools/inRepository.ts";
import { pulumiEnvironment } from "../../tools/pulumiEnvironment.ts";
import { run } from "../../tools/run.ts";
import { type PulumiResult, runPulumi } from "../../tools/runPulumi.ts";
import type { DeclaredResource, ProgramRun } from "./declareProgram.ts";
import { npm } from "./npm.ts";

/** Every server: whoever logs in is deploy, and each script that rollgate runs there prints that all is set up. */
const SERVERS = {
  ssh: `#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift 2
PATH="\${0%/*}/there:$PATH" exec sh -c "$*"
`,
  "there/timeout": "#!/bin/sh\nprintf 'deploy\\nready\\n'\n",
};

/** How a program ended, and what it printed. */
export interface ProgramResult {
  readonly code: unknown;
  readonly said: unknown;
}

/** The example programs, beside the packed package and all packages that they name. */
export class ExamplePrograms {
  readonly directory: string;
  readonly names: readonly string[];

  private constructor(directory: string, names: readonly string[]) {
    this.directory = directory;
    this.names = names;
  }

  /** What to deploy, where only its version matters. */
  get jar(): string {
    return join(this.directory, "app.jar");
  }

  static async create(tarball: string): Promise<ExamplePrograms> {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-test-"));
    const manifests = await Array.fromAsync(glob("*/tsconfig.json", { cwd: inRepository("examples") }));
    const programs = new ExamplePrograms(directory, manifests.map((file) => dirname(file)).sort());
    const dependencies: Record<string, string> = {};
    for (const name of programs.names) {
      await cp(inRepository("examples", name), join(directory, name), { recursive: true });
      const manifest = JSON.parse(await readFile(join(directory, name, "package.json"), "utf8"));
      Object.assign(dependencies, manifest.dependencies, manifest.devDependencies);
    }
    await cp(inRepository("test", "endToEnd", "declareProgram.ts"), join(directory, "declareProgram.ts"));
    const manifest = { type: "module", dependencies: { ...dependencies, rollgate: `file:${tarball}` } };
    await writeFile(join(directory, "package.json"), JSON.stringify(manifest));
    await npm(directory, "install", "--prefer-offline");
    await writeJar(programs.jar, "1.2.3");
    await mkdir(join(directory, "state"));
    for (const [file, text] of Object.entries(SERVERS)) {
      const path = join(directory, "bin", file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      await chmod(path, 0o755);
    }
    return programs;
  }

  /** Makes a program of a template, in a folder named `new-<kind>`. */
  async generate(kind: string): Promise<void> {
    const [template, folder] = [inRepository("templates", kind), `new-${kind}`];
    const { code, output } = await runPulumi(
      ["new", template, "--generate-only", "--yes", "--name", "my-app", "--dir", folder],
      { cwd: this.directory, env: this.#backend },
    );
    if (code !== 0) throw new Error(output);
  }

  /** Checks programs all at once, by the settings that the first of them has. */
  async typeCheck(names = this.names): Promise<void> {
    const settings = {
      extends: `./${names[0]}/tsconfig.json`,
      compilerOptions: { typeRoots: [inRepository("node_modules", "@types")] },
      include: names.map((name) => `${name}/*.ts`),
    };
    await writeFile(join(this.directory, "tsconfig.json"), JSON.stringify(settings));
    await run(inRepository("node_modules", ".bin", "tsc"), ["-p", this.directory]);
  }

  /** What a program declares, where all servers are set up already. */
  async declare(name: string, given: ProgramRun): Promise<DeclaredResource[]> {
    const [folder, file] = [join(this.directory, name), join(this.directory, `${name}.json`)];
    const script = join(this.directory, "declareProgram.ts");
    const env = { ...process.env, PATH: `${join(this.directory, "bin")}:${process.env.PATH}` };
    await run(process.execPath, [script, folder, file, JSON.stringify(given)], { env });
    return JSON.parse(await readFile(file, "utf8"));
  }

  /** Runs a file of an example with the real CLI, from another folder; what it prints is JSON. */
  async run(name: string, file: string, ...args: readonly string[]): Promise<ProgramResult> {
    const { executable, env } = await pulumiEnvironment(this.#backend);
    const child = spawn(process.execPath, [join(this.directory, name, file), ...args], {
      cwd: this.directory,
      // First, because the npm package `pulumi`, whose command downloads a CLI, is on PATH as well.
      env: { ...env, PATH: `${dirname(executable)}:${env.PATH}` },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
    return { code, said: JSON.parse(said) };
  }

  async pulumi(name: string, ...args: readonly string[]): Promise<PulumiResult> {
    return runPulumi(args, { cwd: join(this.directory, name), env: this.#backend });
  }

  get #backend() {
    return {
      PULUMI_BACKEND_URL: `file://${join(this.directory, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "not a secret",
    };
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
