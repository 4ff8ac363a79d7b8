import { glob, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { inRepository } from "../../../tools/inRepository.ts";
import { SETTINGS_PAGE, settingsPage } from "../../../tools/settingsPage.ts";
import { SETTINGS_TYPES } from "../../../tools/settingsTypes.ts";

const { config } = parse(await readFile(inRepository("Pulumi.yaml"), "utf8"));
const SETTINGS = Object.keys(config);

test("the reference of the settings says what Pulumi.yaml says", async () => {
  expect(await readFile(SETTINGS_PAGE, "utf8"), "run `npm run types`").toBe(await settingsPage());
});

test("Pulumi.yaml, the types for programs and the reference have the same settings, in the same order", async () => {
  const types = await readFile(SETTINGS_TYPES, "utf8");
  expect([...types.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name)).toEqual(SETTINGS);
  const page = await readFile(SETTINGS_PAGE, "utf8");
  expect([...page.matchAll(/^### (.+)$/gm)].map(([, name]) => name)).toEqual(SETTINGS);
});

test("no page shows a setting that doesn't exist", async () => {
  const pages = await Array.fromAsync(glob(["README.md", "docs/*.md"], { cwd: inRepository() }));
  const shown = await Promise.all(
    pages.map(async (page) => {
      const text = await readFile(inRepository(page), "utf8");
      return [...text.matchAll(/^ *rollgate:(\w+):/gm)].map(([, name]) => `${page}: ${name}`);
    }),
  );
  expect(shown.flat().length).toBeGreaterThan(50);
  expect(shown.flat().filter((use) => !SETTINGS.includes(use.replace(/.*: /, "")))).toEqual([]);
});
