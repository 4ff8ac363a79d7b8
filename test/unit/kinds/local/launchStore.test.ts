import { readdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LaunchStore } from "#kinds/local/launchStore.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const spec = (secret: string) => ({
  launch: { java: "java", jvmOptions: ["-Xmx1g"], arguments: [] },
  environment: { DB_PASSWORD: secret },
});

test("gives back how an application was started, by its fingerprint", async () => {
  const store = new LaunchStore(await temporaryDirectory());
  await store.remember("aaa", spec("one"));
  await store.remember("bbb", spec("two"));
  expect(await store.recall("aaa")).toEqual(spec("one"));
  expect(await store.recall("ccc")).toBeUndefined();
});

test("keeps its secrets from everybody else on the machine", async () => {
  const directory = join(await temporaryDirectory(), "launches");
  await new LaunchStore(directory).remember("aaa", spec("one"));
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, "aaa.json"))).mode & 0o777).toBe(0o600);
});

test("forgets the oldest when it is pruned, but none that is spared", async () => {
  const directory = await temporaryDirectory();
  const store = new LaunchStore(directory);
  for (const [age, fingerprint] of ["a", "b", "c", "d", "e", "f", "g"].entries()) {
    await store.remember(fingerprint, spec("x"));
    await utimes(join(directory, `${fingerprint}.json`), 1000 + age, 1000 + age);
  }
  expect(await readdir(directory)).toHaveLength(7);
  await store.prune(["a"]);
  expect((await readdir(directory)).sort()).toEqual(
    ["a", "c", "d", "e", "f", "g"].map((name) => `${name}.json`),
  );
  expect(await store.recall("a")).toEqual(spec("x"));
  expect(await store.recall("b")).toBeUndefined();
});

test("has nothing to forget before it remembers anything", async () => {
  const store = new LaunchStore(join(await temporaryDirectory(), "launches"));
  await expect(store.prune([])).resolves.toBeUndefined();
});
