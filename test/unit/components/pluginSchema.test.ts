import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { pluginSchema } from "../../../components/pluginSchema.ts";
import { inRepository } from "../../../tools/inRepository.ts";
import { TYPES } from "../../../tools/settingsTypes.ts";

const text = await readFile(inRepository("Pulumi.yaml"), "utf8");
const { inputProperties } = JSON.parse(pluginSchema(text, "1.0.0")).resources[
  "rollgate:index:RollingService"
];

test("programs in other languages have all settings of Pulumi.yaml, with their descriptions", () => {
  const described = (settings: object) =>
    Object.entries(settings).map(([name, { description }]) => ({ name, description }));
  expect(described(inputProperties)).toEqual(described(parse(text).config));
});

test("programs in other languages may give a setting any value if the types for TypeScript are not plain", () => {
  const isPlain = (name: string) => /^("[\w-]+"( \| )?)+$/.test(TYPES[name] ?? '"plain"');
  const names = Object.keys(inputProperties);
  const untyped = names.filter((name) => inputProperties[name].$ref === "pulumi.json#/Any");
  expect(untyped).toEqual(names.filter((name) => !isPlain(name)));
  expect(inputProperties.nginxPort.type).toBe("integer");
  expect(inputProperties.jvmOptions).toMatchObject({ type: "array", items: { type: "string" } });
});
