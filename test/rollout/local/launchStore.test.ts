import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LaunchStore } from "../../../rollout/local/launchStore.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

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

test("forgets the oldest", async () => {
  const directory = await temporaryDirectory();
  const store = new LaunchStore(directory);
  for (const fingerprint of ["a", "b", "c", "d", "e", "f", "g"]) await store.remember(fingerprint, spec("x"));
  expect(await readdir(directory)).toHaveLength(5);
  expect(await store.recall("g")).toEqual(spec("x"));
});
