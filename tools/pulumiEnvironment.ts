import { delimiter } from "node:path";
import { searchPath } from "#kinds/local/findExecutable.ts";
import { findPulumi } from "./findPulumi.ts";
import { hasBackend } from "./hasBackend.ts";
import { inRepository } from "./inRepository.ts";
import { localBackend } from "./localBackend.ts";
import { SetupError } from "./setupError.ts";

/** How to start Pulumi here. */
export interface PulumiEnvironment {
  readonly executable: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Finds the CLI, and completes the environment with this repository's Node.js on PATH, its cache and a backend. */
export async function pulumiEnvironment(overrides: NodeJS.ProcessEnv = {}): Promise<PulumiEnvironment> {
  const cli = await findPulumi();
  if (!cli) throw new SetupError("no Pulumi CLI yet: run `npm run setup` first");
  const environment = { ...process.env, ...overrides };
  const backend = (await hasBackend(environment)) ? {} : await localBackend(environment);
  return {
    executable: cli.executable,
    env: {
      ...environment,
      ...backend,
      NODE_OPTIONS: withCompileCache(environment.NODE_OPTIONS),
      PATH: pathWith(cli.directories),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  };
}

/** An update starts several processes, which would all compile the same modules anew. */
function withCompileCache(options = ""): string {
  return `${options} --require ${JSON.stringify(inRepository("tools", "compileCache.cjs"))}`.trim();
}

function pathWith(directories: readonly string[]): string {
  const node = inRepository("node_modules", ".bin");
  const users = searchPath().filter((directory) => directory !== node);
  return [node, ...directories.filter((directory) => !users.includes(directory)), ...users].join(delimiter);
}
