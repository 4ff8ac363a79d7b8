import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runningNginx } from "#kinds/local/nginxProcess.ts";
import { childrenOf } from "#kinds/local/processTable.ts";
import { workersAccount } from "#kinds/local/workersAccount.ts";
import { freePort } from "../../../support/freePort.ts";
import { nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { request } from "../../../support/request.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const IS_ROOT = process.getuid?.() === 0;

test.skipIf(IS_ROOT)("nobody but root names an account (skipped as root)", async () => {
  expect(workersAccount(await temporaryDirectory())).toEqual({});
});

describe.skipIf(!IS_ROOT)("for root (skipped unless root)", () => {
  test("no account is named where everybody may pass, whether the folder is there or not", async () => {
    const directory = await temporaryDirectory();
    await chmod(directory, 0o711);
    expect(workersAccount(directory)).toEqual({});
    await mkdir(join(directory, "nginx", "drained"), { recursive: true, mode: 0o755 });
    expect(workersAccount(join(directory, "nginx"))).toEqual({});
  });

  test("workers stay root below a private folder, and in one that would be made private", async () => {
    const directory = await temporaryDirectory();
    await chmod(directory, 0o700);
    expect(workersAccount(join(directory, "stack", "nginx"))).toEqual({ user: "root" });
    await chmod(directory, 0o755);
    const before = process.umask(0o077);
    onTestFinished(() => void process.umask(before));
    expect(workersAccount(join(directory, "stack", "nginx"))).toEqual({ user: "root" });
  });

  test("workers are unprivileged and see the flag files where everybody may pass", async () => {
    const parent = await temporaryDirectory();
    await chmod(parent, 0o755);
    const [directory, port] = [join(parent, "nginx"), await freePort()];
    const { user: _, ...settings } = nginxSettings({ directory, port });
    await serveNginx({ ...settings, ...workersAccount(directory) });
    const master = await runningNginx(directory);
    const workers = await childrenOf(master?.pid ?? 0);
    expect(workers.length).toBeGreaterThan(0);
    for (const pid of workers) {
      expect(await readFile(`/proc/${pid}/status`, "utf8")).toMatch(/^Uid:\t(?!0\t)\d+/m);
    }
    const { body } = await request(`http://127.0.0.1:${port}/rollgate/drained`);
    expect(body).toContain("app-1 app-2");
  });
});
