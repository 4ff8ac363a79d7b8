import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { detectFlavour } from "#rollout/local/detectFlavour.ts";
import { findNginx } from "#rollout/local/nginxProcess.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

test("a stock nginx is found to be one", async () => {
  expect(await detectFlavour(await findNginx("nginx"))).toBe("stock");
});

test("an nginx that accepts the check module's directives gets its flavour, whatever it was built from", async () => {
  // No nginx with the module is in any registry: this one accepts every configuration.
  const path = join(await temporaryDirectory(), "nginx");
  await writeFile(path, "#!/bin/sh\nexit 0\n");
  await chmod(path, 0o755);
  expect(await detectFlavour(path)).toBe("check-module");
});
