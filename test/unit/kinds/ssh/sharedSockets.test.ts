import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { SharedSockets } from "#kinds/ssh/sharedSockets.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const PLACE = { server: "server-1", sshConfig: "" };
/** Linux allows 107 characters; OpenSSH adds a dot and 16 characters while it makes a socket. */
const LONGEST = 107 - 17;

test("a socket's path leaves room for what OpenSSH adds, wherever temporary files are", async () => {
  const temporary = await temporaryDirectory();
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("PATH", temporary);
  for (const length of [temporary.length + 2, 31, 42, 50]) {
    const folder = join(temporary, "x".repeat(Math.max(1, length - temporary.length - 1)));
    await mkdir(folder, { recursive: true });
    vi.stubEnv("TMPDIR", folder);
    const socket = (await new SharedSockets().of(PLACE)) ?? "";
    expect(socket).not.toBe("");
    // The account may have a number of ten digits.
    const missing = 10 - String(process.getuid?.()).length;
    expect(socket.length + missing).toBeLessThanOrEqual(LONGEST);
  }
});

test.each([
  ["that others can enter", (root: string) => mkdir(root).then(() => chmod(root, 0o755))],
  ["behind a link", (root: string) => mkdir(join(dirname(root), "other")).then(() => symlink("other", root))],
])("nothing is removed from a folder %s", async (_, make) => {
  const root = join(await temporaryDirectory(), "shared");
  await make(root);
  await writeFile(join(root, "current"), "");
  new SharedSockets(root).renew();
  expect(await readdir(root)).toEqual(["current"]);
});

test("a folder that was never made needs no renewal", async () => {
  const root = join(await temporaryDirectory(), "shared");
  new SharedSockets(root).renew();
  await expect(readdir(root)).rejects.toMatchObject({ code: "ENOENT" });
});
