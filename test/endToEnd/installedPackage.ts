import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { buildPackage } from "../../tools/buildPackage.ts";
import { inRepository } from "../../tools/inRepository.ts";
import { pulumiEnvironment } from "../../tools/pulumiEnvironment.ts";
import { run } from "../../tools/run.ts";
import { type PulumiResult, runPulumi } from "../../tools/runPulumi.ts";
import { npm } from "./npm.ts";

const STACK = "dev";

/** What a program does, however it is written: it gives the settings of a file to the service. */
const DECLARE = `
const { hosts, ...settings } = JSON.parse(readFileSync(process.env.SHOP_SETTINGS, "utf8"));
const shop = new RollingService("shop", { ...settings, hosts: output(hosts) });
`;
const PROGRAMS = {
  module: `import { readFileSync } from "node:fs";
import { output } from "@pulumi/pulumi";
import { RollingService } from "rollgate";
${DECLARE}
export const releases = shop.releases;
`,
  commonjs: `const { readFileSync } = require("node:fs");
const { output } = require("@pulumi/pulumi");
const { RollingService } = require("rollgate");
${DECLARE}
exports.releases = shop.releases;
`,
};

/** A program's way to load its packages. */
export type ProgramType = keyof typeof PROGRAMS;

/** Programs in a folder with nothing but what npm installs there, and a stack that they share. */
export class InstalledPackage {
  readonly directory: string;
  #programs: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.#programs = join(directory, "programs");
  }

  static async create(): Promise<InstalledPackage> {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-test-"));
    const installed = new InstalledPackage(directory);
    await mkdir(join(directory, "state"));
    for (const [type, text] of Object.entries(PROGRAMS)) await installed.write(type, text);
    await npm(installed.#programs, "init", "--yes");
    return installed;
  }

  /** Replaces a program. */
  async write(type: string, text: string): Promise<void> {
    const folder = join(this.#programs, type);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "shop", type }));
    await writeFile(join(folder, "index.js"), text);
    const project = "name: shop\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n";
    await writeFile(join(folder, "Pulumi.yaml"), project);
  }

  /** Makes the tarball of this version, and of the next one, in which nothing else is different. */
  async pack(): Promise<{ readonly first: string; readonly next: string }> {
    const dist = await buildPackage();
    const first = await this.#packed(dist);
    const manifest = join(dist, "package.json");
    const { version, ...rest } = JSON.parse(await readFile(manifest, "utf8"));
    await writeFile(manifest, JSON.stringify({ ...rest, version: `${version}-next` }));
    return { first, next: await this.#packed(dist) };
  }

  async #packed(dist: string): Promise<string> {
    const { stdout } = await run("npm", ["pack", dist, "--silent", "--pack-destination", this.directory]);
    return join(this.directory, basename(stdout.trim()));
  }

  /** Installs a tarball, and the Pulumi that this repository has. */
  async install(tarball: string): Promise<void> {
    const { dependencies } = JSON.parse(await readFile(inRepository("package.json"), "utf8"));
    const pulumi = `@pulumi/pulumi@${dependencies["@pulumi/pulumi"]}`;
    await npm(this.#programs, "install", "--prefer-offline", tarball, pulumi);
  }

  /** Installs what only programs with containers need. */
  async installDocker(): Promise<void> {
    const { dependencies } = JSON.parse(await readFile(inRepository("package.json"), "utf8"));
    await npm(
      this.#programs,
      "install",
      "--prefer-offline",
      `@pulumi/docker@${dependencies["@pulumi/docker"]}`,
    );
  }

  /** Gives the programs and their packages another path. */
  async move(): Promise<void> {
    const elsewhere = join(this.directory, "elsewhere");
    await rename(this.#programs, elsewhere);
    this.#programs = elsewhere;
  }

  /** `settings` are those of the service. */
  async configure(settings: object): Promise<void> {
    await writeFile(join(this.directory, "settings.json"), JSON.stringify(settings));
  }

  /** Checks a program with the types of what is installed, those of all dependencies included. */
  async typeCheck(program: string): Promise<void> {
    const file = join(this.#programs, "module", "program.ts");
    await writeFile(file, program);
    const options = ["--noEmit", "--strict", "--ignoreConfig", "--target", "es2022", "--module", "nodenext"];
    const types = ["--types", "node", "--typeRoots", inRepository("node_modules", "@types")];
    await run(inRepository("node_modules", ".bin", "tsc"), [...options, ...types, file]);
  }

  async pulumi(type: ProgramType, ...args: string[]): Promise<PulumiResult> {
    return runPulumi([...args, "--stack", STACK], {
      cwd: join(this.#programs, type),
      env: this.#environment,
    });
  }

  /** Runs a script beside a program, with the real CLI; what it prints is JSON. */
  async automate(type: ProgramType, script: string): Promise<unknown> {
    const { executable, env } = await pulumiEnvironment(this.#environment);
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: join(this.#programs, type),
      env: { ...env, PATH: `${dirname(executable)}:${env.PATH}` },
    });
    return JSON.parse(stdout);
  }

  get #environment() {
    return {
      PULUMI_BACKEND_URL: `file://${join(this.directory, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "not a secret",
      SHOP_SETTINGS: join(this.directory, "settings.json"),
    };
  }

  /** The stack, whose file both programs get. */
  async init(): Promise<void> {
    await this.pulumi("module", "stack", "init");
    const file = `Pulumi.${STACK}.yaml`;
    await copyFile(join(this.#programs, "module", file), join(this.#programs, "commonjs", file));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
