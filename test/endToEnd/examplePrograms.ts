import { chmod, cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inRepository } from "../../tools/inRepository.ts";
import { run } from "../../tools/run.ts";
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

/** The example programs, beside the packed package and all packages that they name. */
export class ExamplePrograms {
  readonly directory: string;
  readonly names: readonly string[];

  private constructor(directory: string, names: readonly string[]) {
    this.directory = directory;
    this.names = names;
  }

  static async create(tarball: string): Promise<ExamplePrograms> {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-test-"));
    const manifests = await Array.fromAsync(glob("*/package.json", { cwd: inRepository("examples") }));
    const programs = new ExamplePrograms(directory, manifests.map((file) => dirname(file)).sort());
    const dependencies: Record<string, string> = {};
    for (const name of programs.names) {
      await cp(inRepository("examples", name), join(directory, name), { recursive: true });
      const manifest = JSON.parse(await readFile(join(directory, name, "package.json"), "utf8"));
      Object.assign(dependencies, manifest.dependencies);
    }
    await cp(inRepository("test", "endToEnd", "declareProgram.ts"), join(directory, "declareProgram.ts"));
    const manifest = { type: "module", dependencies: { ...dependencies, rollgate: `file:${tarball}` } };
    await writeFile(join(directory, "package.json"), JSON.stringify(manifest));
    await npm(directory, "install", "--prefer-offline");
    for (const [file, text] of Object.entries(SERVERS)) {
      const path = join(directory, "bin", file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      await chmod(path, 0o755);
    }
    return programs;
  }

  /** All at once, by the settings that each of them has. */
  async typeCheck(): Promise<void> {
    const settings = {
      extends: `./${this.names[0]}/tsconfig.json`,
      compilerOptions: { typeRoots: [inRepository("node_modules", "@types")] },
      include: this.names.map((name) => `${name}/*.ts`),
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

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
