import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { nginxScript } from "#rollout/nginx/nginxScripts.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const SCRIPT = `${nginxScript("clear-ledger")}\nclear_ledger "$1"`;

test("the timer empties the ledger once nobody has read it for minutes, and not before", async () => {
  const directory = await temporaryDirectory();
  const [log, read] = [join(directory, "logs/ledger.log"), join(directory, "drained/.ledger")];
  const clear = async () => {
    await new LocalMachine().run(SCRIPT, [directory]);
    return readFile(log, "utf8").catch(() => "none");
  };
  expect(await clear()).toBe("none");
  await mkdir(join(directory, "logs"));
  await mkdir(join(directory, "drained"));
  await writeFile(log, "line\n");
  await writeFile(read, "");
  expect(await clear()).toBe("line\n");
  const longAgo = new Date(Date.now() - 600_000);
  await utimes(read, longAgo, longAgo);
  expect(await clear()).toBe("");
});
