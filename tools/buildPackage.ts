import { cp, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { inRepository } from "./inRepository.ts";
import { type Manifest, packageManifest } from "./packageManifest.ts";
import { run } from "./run.ts";

const ROOMS = ["components", "kinds", "plugin", "provider", "rollout", "settings"];
/** Pulumi.yaml has the defaults of all settings. */
const PAPERS = ["README.md", "LICENSE", "CHANGELOG.md", "Pulumi.yaml"];
const IMPORT = /(\bfrom |\bimport\(|\bimport )"([#.][^"]*)\.ts"/g;

/**
 * Makes the package in `dist`: the sources compiled to JavaScript and declarations, since Node.js strips no types under
 * node_modules, and the files that they read. Returns its folder.
 */
export async function buildPackage(repository = process.env.GITHUB_REPOSITORY): Promise<string> {
  const dist = inRepository("dist");
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist);
  for (const part of [...ROOMS, ...PAPERS])
    await cp(inRepository(part), join(dist, part), { recursive: true });
  const manifest: Manifest = JSON.parse(await readFile(inRepository("package.json"), "utf8"));
  await writeFile(
    join(dist, "package.json"),
    `${JSON.stringify(packageManifest(manifest, repository), null, 2)}\n`,
  );
  const sources = await Array.fromAsync(glob("**/*.ts", { cwd: dist }));
  for (const source of sources) {
    const text = await readFile(join(dist, source), "utf8");
    await writeFile(join(dist, source), withCompiledImports(source, text));
  }
  await run(inRepository("node_modules", ".bin", "tsc"), ["-p", inRepository("tsconfig.build.json")]);
  for (const source of sources) await rm(join(dist, source));
  return dist;
}

/** Imports files as they are called once they are compiled, by relative paths, which need no support by other tools. */
export function withCompiledImports(source: string, text: string): string {
  return text.replaceAll(IMPORT, (_, before: string, path: string) => {
    const compiled = path.startsWith("#") ? relative(dirname(source), path.slice(1)) : path;
    return `${before}"${compiled.startsWith(".") ? compiled : `./${compiled}`}.js"`;
  });
}

if (import.meta.main) console.log(await buildPackage());
