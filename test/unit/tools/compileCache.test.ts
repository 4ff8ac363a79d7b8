import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { inRepository } from "../../../tools/inRepository.ts";

test("what Pulumi's program and its providers have compiled is kept apart, that of other processes not at all", async (context) => {
  const root = await mkdtemp(join(tmpdir(), "rollgate test-"));
  context.onTestFinished(() => rm(root, { recursive: true, force: true }));
  await cp(inRepository("tools", "compileCache.cjs"), join(root, "tools", "compileCache.cjs"));
  const env = {
    ...process.env,
    NODE_OPTIONS: `--require ${JSON.stringify(join(root, "tools", "compileCache.cjs"))}`,
    NODE_COMPILE_CACHE: undefined,
    NODE_DISABLE_COMPILE_CACHE: undefined,
  };
  for (const folder of ["cmd/run", "cmd/dynamic-provider", "elsewhere"]) {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, "other.js"), "");
    await writeFile(join(root, folder, "index.js"), 'require("./other.js");');
    await promisify(execFile)(process.execPath, [join(root, folder, "index.js")], { env });
  }
  const kept = await readdir(join(root, ".tools", "compile-cache"));
  expect(kept.toSorted()).toEqual(["dynamic-provider", "run"]);
});

test("a folder that the user has chosen, or the wish to keep nothing, is respected", async (context) => {
  const root = await mkdtemp(join(tmpdir(), "rollgate test-"));
  context.onTestFinished(() => rm(root, { recursive: true, force: true }));
  await cp(inRepository("tools", "compileCache.cjs"), join(root, "tools", "compileCache.cjs"));
  await mkdir(join(root, "cmd", "run"), { recursive: true });
  await writeFile(join(root, "cmd", "run", "other.js"), "");
  await writeFile(join(root, "cmd", "run", "index.js"), 'require("./other.js");');
  const run = (chosen: NodeJS.ProcessEnv) =>
    promisify(execFile)(process.execPath, [join(root, "cmd", "run", "index.js")], {
      env: {
        ...process.env,
        NODE_OPTIONS: `--require ${JSON.stringify(join(root, "tools", "compileCache.cjs"))}`,
        NODE_DISABLE_COMPILE_CACHE: undefined,
        NODE_COMPILE_CACHE: undefined,
        ...chosen,
      },
    });
  await run({ NODE_DISABLE_COMPILE_CACHE: "1" });
  expect(await readdir(root)).toEqual(["cmd", "tools"]);
  await run({ NODE_COMPILE_CACHE: join(root, "users") });
  expect(await readdir(root)).toEqual(["cmd", "tools", "users"]);
  expect(await readdir(join(root, "users"))).not.toEqual([]);
});
