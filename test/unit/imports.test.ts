import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { KINDS } from "#kinds/kinds.ts";
import { inRepository } from "../../tools/inRepository.ts";

const root = inRepository();
const rooms = ["components", "kinds", "provider", "rollout", "settings"];
const files = rooms.flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${room}/${name}`),
);

/** What the package's own name stands for. */
const { exports }: { readonly exports: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

/** What a file imports, also for types alone or when it runs: files of this repository and packages. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^(?:import|export) [^;]*?from "([^"]+)";|\bimport\("([^"]+)"\)/gm)].map(
    ([, loaded, later]) => {
      const name = loaded ?? later ?? "";
      if (name.startsWith(".")) return relative(root, resolve(root, dirname(file), name));
      const exported = exports[name.replace(/^rollgate(?=\/|$)/, ".")];
      if (exported !== undefined) return relative(root, resolve(root, exported));
      return name.startsWith("#") ? name.slice(1) : name;
    },
  );
}

test("the rollout imports neither kinds, providers, components or settings, not even a type, nor Pulumi", () => {
  const foreign = files
    .filter((file) => file.startsWith("rollout/"))
    .flatMap((file) =>
      importsOf(file)
        .filter((name) => /^(@pulumi|components|kinds|provider|settings)\//.test(name))
        .map((name) => `${file}: ${name}`),
    );
  expect(foreign).toEqual([]);
});

const kinds = Object.keys(KINDS);

test("only the settings name a kind of host outside its folder", () => {
  const quoted = new RegExp(`"(${kinds.join("|")})"`);
  const naming = files.filter(
    (file) => !/^(kinds|settings)\//.test(file) && quoted.test(readFileSync(join(root, file), "utf8")),
  );
  expect(naming).toEqual([]);
});

test("a kind is known outside its folder to kinds.ts alone, and there to an import and an entry", () => {
  const importing = kinds.flatMap((kind) =>
    files
      .filter((file) => !file.startsWith(`kinds/${kind}/`))
      .filter((file) => importsOf(file).some((name) => name.startsWith(`kinds/${kind}/`)))
      .map((file) => `${file}: ${kind}`),
  );
  expect(importing.sort()).toEqual(kinds.map((kind) => `kinds/kinds.ts: ${kind}`).sort());
  const text = readFileSync(join(root, "kinds", "kinds.ts"), "utf8");
  for (const kind of kinds) {
    expect(text.split("\n").filter((line) => new RegExp(`\\b${kind}\\b`).test(line))).toHaveLength(2);
  }
});

test("no file imports itself through others, not even for a type or once it runs", () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file)) return;
    for (const next of importsOf(file).filter((name) => files.includes(name))) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

/** What is loaded with a file, by imports that are neither for types alone nor for later. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(root, file), "utf8");
  const loads = [...text.matchAll(/^(?:import|export) (?!type\b)[^;]*?from "([^"]+)";/gm)];
  for (const [, name = ""] of loads) {
    const path = name.startsWith(".") ? relative(root, resolve(root, dirname(file), name)) : name.slice(1);
    if (files.includes(path)) loadedWith(path, seen);
  }
  return seen;
}

test("an update with nothing to do loads nothing that only a roll needs", () => {
  const loaded = [...loadedWith("provider/deployment.ts")];
  expect(loaded).toContain("rollout/roll/observe.ts");
  const ofRolls =
    /^rollout\/(report|notify|traces|hooks|status)\/|^rollout\/roll\/(roll|rollAll|foresee)\.ts$/;
  expect(loaded.filter((file) => ofRolls.test(file))).toEqual([]);
});
