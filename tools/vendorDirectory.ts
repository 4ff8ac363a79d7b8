import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { cacheDir } = require("pulumi/lib/cache.js") as { cacheDir(version: string): string };
const { version } = require("pulumi/package.json") as { version: string };

/** Where the npm package `pulumi` puts the downloaded CLI. */
export function vendorDirectory(): string {
  return join(cacheDir(process.env.PULUMI_VERSION ?? version), "bin");
}
