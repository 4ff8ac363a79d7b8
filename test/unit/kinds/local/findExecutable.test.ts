import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, isAbsolute, join, relative } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

async function executable(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, "#!/bin/sh\n", { mode: 0o755 });
  return path;
}

function searchPath(...directories: string[]): void {
  vi.stubEnv("PATH", directories.join(delimiter));
  onTestFinished(() => void vi.unstubAllEnvs());
}

test("a name is looked up on PATH, in order", async () => {
  const [one, two] = [await temporaryDirectory(), await temporaryDirectory()];
  await executable(two, "rollgate-command");
  searchPath(one, two);
  expect(await findExecutable("rollgate-command")).toBe(join(two, "rollgate-command"));
  await executable(one, "rollgate-command");
  expect(await findExecutable("rollgate-command")).toBe(join(one, "rollgate-command"));
});

test("nginx is found where Debian keeps it, even if that is not on PATH", async () => {
  searchPath("/nowhere");
  expect(await findExecutable("nginx")).toMatch(/^(\/usr(\/local)?)?\/sbin\/nginx$/);
});

test("a path is resolved from the current directory", async () => {
  const path = await executable(await temporaryDirectory(), "command");
  expect(await findExecutable(path)).toBe(path);
  expect(await findExecutable(`./${relative(process.cwd(), path)}`)).toBe(path);
});

test("a link to an executable is executable", async () => {
  const directory = await temporaryDirectory();
  await symlink(await executable(directory, "target"), join(directory, "link"));
  expect(await findExecutable(join(directory, "link"))).toBe(join(directory, "link"));
});

test("a file that is not executable is no command", async () => {
  const directory = await temporaryDirectory();
  await chmod(await executable(directory, "plain"), 0o644);
  searchPath(directory);
  expect(await findExecutable("plain")).toBeUndefined();
  expect(await findExecutable(join(directory, "plain"))).toBeUndefined();
  expect(await findExecutable(join(directory, "missing"))).toBeUndefined();
});

test("a directory is no command", async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "java"));
  searchPath(directory);
  expect(await findExecutable(directory)).toBeUndefined();
  expect(await findExecutable("java")).toBeUndefined();
  expect(await findExecutable("")).toBeUndefined();
});

test("the result is absolute, even if PATH is not", async () => {
  const directory = await temporaryDirectory();
  await executable(directory, "rollgate-command");
  searchPath(relative(process.cwd(), directory));
  const found = await findExecutable("rollgate-command");
  expect(found).toBeDefined();
  expect(isAbsolute(found ?? "")).toBe(true);
});
