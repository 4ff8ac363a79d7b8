// Plain JavaScript without dependencies: it runs on whatever Node a fresh clone has, which may not support TypeScript.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const inRepository = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

if (isInstalled()) {
  report("npm packages … found in node_modules");
} else {
  report("npm packages … installing package-lock.json, including Node.js 24 and TypeScript");
  npm("ci", "--no-audit", "--no-fund", "--loglevel=error");
}

// The package `node` downloads Node.js in an install script, which an .npmrc may forbid.
if (existsSync(inRepository("node_modules/node")) && !existsSync(inRepository("node_modules/.bin/node"))) {
  report("Node.js 24 … npm is configured to skip install scripts; running the one of the package node");
  npm("rebuild", "node", "--ignore-scripts=false", "--loglevel=error");
}

/** Compares with npm's own record in node_modules, so that a plain `npm install` counts too. */
function isInstalled() {
  const record = inRepository("node_modules/.package-lock.json");
  if (!existsSync(record)) return false;
  const wanted = packagesOf(inRepository("package-lock.json"));
  const present = packagesOf(record);
  return Object.entries(wanted).every(
    ([path, { integrity, optional }]) =>
      path === "" || (present[path] ? present[path].integrity === integrity : optional),
  );
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, "utf8")).packages;
}

function npm(...args) {
  const { status } = spawnSync("npm", args, { cwd: inRepository(""), stdio: "inherit" });
  if (status !== 0) {
    report(`npm ${args[0]} failed; see npm's output above`);
    process.exit(1);
  }
}

function report(line) {
  console.error(`rollgate setup: ${line}`);
}
