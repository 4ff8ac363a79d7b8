import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { withCompiledImports } from "../../../tools/buildPackage.ts";
import { inRepository } from "../../../tools/inRepository.ts";
import { packageManifest } from "../../../tools/packageManifest.ts";

const manifest = async (repository?: string) =>
  packageManifest(JSON.parse(await readFile(inRepository("package.json"), "utf8")), repository);

test("the package has the exports of the repository, compiled", async () => {
  expect(await manifest()).toMatchObject({
    name: "rollgate",
    type: "module",
    exports: {
      ".": { types: "./components/index.d.ts", default: "./components/index.js" },
      "./provider": { types: "./provider/index.d.ts", default: "./provider/index.js" },
      "./rollout": { types: "./provider/rollout.d.ts", default: "./provider/rollout.js" },
    },
    typesVersions: {
      "*": { provider: ["./provider/index.d.ts"], rollout: ["./provider/rollout.d.ts"] },
    },
  });
});

test("Pulumi comes from the program, and its packages for Docker and Kubernetes only if the program uses them", async () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = Object(await manifest());
  expect(Object.keys(peerDependencies)).toEqual(["@pulumi/pulumi", "@pulumi/docker", "@pulumi/kubernetes"]);
  expect(peerDependenciesMeta).toEqual({
    "@pulumi/docker": { optional: true },
    "@pulumi/kubernetes": { optional: true },
  });
  expect(Object.keys(dependencies)).toContain("zod");
  expect(Object.keys(dependencies).filter((name) => name.startsWith("@pulumi/"))).toEqual([]);
});

test("the package can be published, from the repository that is named, and installs and runs nothing itself", async () => {
  const published = Object(await manifest("someone/rollgate"));
  expect(published.repository.url).toBe("git+https://github.com/someone/rollgate.git");
  for (const key of ["private", "scripts", "devDependencies", "imports"])
    expect(published).not.toHaveProperty(key);
});

test("compiled files import each other by relative paths", () => {
  const compiled = withCompiledImports(
    "kinds/local/local.ts",
    `import { type A, a } from "#rollout/host/a.ts";
export * from "./b.ts";
import "../c.ts";
const later = () => import("#kinds/local/d.ts");
import { z } from "zod";
const text = "#rollout/host/a.ts";`,
  );
  expect(compiled).toBe(
    `import { type A, a } from "../../rollout/host/a.js";
export * from "./b.js";
import "../c.js";
const later = () => import("./d.js");
import { z } from "zod";
const text = "#rollout/host/a.ts";`,
  );
});
