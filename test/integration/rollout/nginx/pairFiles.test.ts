import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { filesIn, installedHash, installPair, pairFolder, removePair } from "#rollout/nginx/tls/pairFiles.ts";
import { pairHash } from "#rollout/nginx/tls/pemPair.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const machine = new LocalMachine();
const pair = { certificate: "a certificate\n", key: "a key\n" };
const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

describe("a certificate and a key given as text", () => {
  test("are files that only this account can read", async () => {
    const directory = await temporaryDirectory();
    expect(await installedHash(machine, directory)).toBe("");
    expect(await installPair(machine, directory, pair, "")).toBe("installed");
    const { certificate, key } = filesIn(pairFolder(directory));
    expect([await readFile(certificate, "utf8"), await readFile(key, "utf8")]).toEqual([
      pair.certificate,
      pair.key,
    ]);
    expect([await modeOf(certificate), await modeOf(key)]).toEqual(["600", "600"]);
    expect(await modeOf(join(directory, "tls"))).toBe("700");
    expect(await installedHash(machine, directory)).toBe(pairHash(pair));
    expect(await installPair(machine, directory, { ...pair, key: "a key" }, "")).toBe("unchanged");
  });

  test("replace the previous ones at once and leave nothing of them", async () => {
    const directory = await temporaryDirectory();
    await installPair(machine, directory, pair, "");
    await installPair(machine, directory, { ...pair, key: "another key" }, "");
    expect(await readFile(filesIn(pairFolder(directory)).key, "utf8")).toBe("another key\n");
    expect(await readdir(join(directory, "tls"))).toHaveLength(2);
  });

  test("come back if somebody edited them", async () => {
    const directory = await temporaryDirectory();
    await installPair(machine, directory, pair, "");
    await writeFile(filesIn(pairFolder(directory)).key, "edited");
    expect(await installPair(machine, directory, pair, "")).toBe("installed");
    expect(await readFile(filesIn(pairFolder(directory)).key, "utf8")).toBe(pair.key);
  });

  test("can be read by the group of a folder that was prepared for a service, and by nobody else", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "tls"));
    await chmod(join(directory, "tls"), 0o2750);
    await installPair(machine, directory, pair, "");
    expect(await modeOf(filesIn(pairFolder(directory)).key)).toBe("640");
  });

  test.runIf(process.getuid?.() === 0)(
    "belong to the account of nginx's workers if that is another one",
    async () => {
      const directory = await temporaryDirectory();
      await installPair(machine, directory, pair, "nobody");
      const { uid } = await stat(filesIn(pairFolder(directory)).key);
      expect(uid).toBe(Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" })));
      expect((await stat(join(directory, "tls"))).uid).toBe(uid);
    },
  );

  test("are removed without a trace", async () => {
    const directory = await temporaryDirectory();
    await installPair(machine, directory, pair, "");
    await removePair(machine, directory);
    expect(await readdir(directory)).toEqual([]);
  });
});
