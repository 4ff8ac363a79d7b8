import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import * as abilities from "#rollout/nginx/machineAbilities.ts";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { runningNginx } from "../../../../harness/nginxProcess.ts";
import { childrenOf } from "../../../../harness/processTable.ts";
import { request } from "../../../../harness/request.ts";
import { nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const workersAccount = (directory: string) => abilities.workersAccount(new LocalMachine(), directory);
const IS_ROOT = process.getuid?.() === 0;

test.skipIf(IS_ROOT)("only root sets an account (skipped as root)", async () => {
  expect(await workersAccount(await temporaryDirectory())).toEqual({});
});

describe.skipIf(!IS_ROOT)("for root (skipped unless root)", () => {
  test("no account is set if every account can reach the folder, whether it exists or not", async () => {
    const directory = await temporaryDirectory();
    await chmod(directory, 0o711);
    expect(await workersAccount(directory)).toEqual({});
    await mkdir(join(directory, "nginx", "drained"), { recursive: true, mode: 0o755 });
    expect(await workersAccount(join(directory, "nginx"))).toEqual({});
  });

  test("workers stay root below a private folder", async () => {
    const directory = await temporaryDirectory();
    await chmod(directory, 0o700);
    expect(await workersAccount(join(directory, "stack", "nginx"))).toEqual({ user: "root" });
  });

  test("workers are unprivileged and see the flag files if every account can reach them", async () => {
    const parent = await temporaryDirectory();
    await chmod(parent, 0o755);
    const [directory, port] = [join(parent, "nginx"), await freePort()];
    const { user: _, ...settings } = nginxSettings({ directory, port });
    await serveNginx({ ...settings, ...(await workersAccount(directory)) });
    const master = await runningNginx(directory);
    const workers = await childrenOf(master?.pid ?? 0);
    expect(workers.length).toBeGreaterThan(0);
    for (const pid of workers) {
      expect(await readFile(`/proc/${pid}/status`, "utf8")).toMatch(/^Uid:\t(?!0\t)\d+/m);
    }
    const { body } = await request(`${controlUrl(port)}/rollgate/drained`);
    expect(body).toContain("app-1 app-2");
  });
});
