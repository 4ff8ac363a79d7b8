import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { EffectiveOptions } from "#kinds/ssh/effectiveOptions.ts";
import { standIn } from "../../../support/standIn.ts";

/** Stands for `ssh`: says for whom it was started and by whom, and fails for one server. */
const SSH = (directory: string) => `#!/bin/sh
for last; do :; done
echo $PPID >> ${directory}/parents
[ "$last" != none ] || { echo "Bad configuration option" >&2; exit 255; }
echo "host $last"
`;

let directory: string;

beforeEach(async () => {
  directory = await standIn("ssh", SSH);
});

test("many who ask at the same time get their answers from a few shells", async () => {
  const options = new EffectiveOptions();
  const servers = Array.from({ length: 20 }, (_, index) => `server-${index}`);
  servers.splice(5, 0, "none", "user@a b'c");
  const answers = await Promise.all(servers.map((server) => options.of({ server, sshConfig: "" })));
  expect(answers).toEqual(servers.map((server) => (server === "none" ? "" : `host ${server}\n`)));
  const parents = (await readFile(join(directory, "parents"), "utf8")).trim().split("\n");
  expect(parents).toHaveLength(servers.length);
  expect(new Set(parents).size).toBe(4);
  expect(await options.of({ server: "server-1", sshConfig: "" })).toBe("host server-1\n");
});

test("without a shell there is no answer", async () => {
  vi.stubEnv("PATH", directory);
  expect(await new EffectiveOptions().of({ server: "server-1", sshConfig: "" })).toBe("");
});
