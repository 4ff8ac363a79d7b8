import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { until } from "../../../../harness/until.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** Stands for `ssh` and the server: runs what it is told here, with the boot that a file names. */
const SSH = (directory: string) => `#!/bin/sh
for last; do :; done
case "$*" in *ControlMaster=yes*) echo $$ > ${directory}/pid; cat ${directory}/boot; echo rollgate-connected; exec cat > /dev/null;; esac
exec sh -c "$last"
`;
const BOOTS = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"] as const;

async function connected() {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "ssh"), SSH(directory));
  await chmod(join(directory, "ssh"), 0o755);
  await writeFile(join(directory, "boot"), `${BOOTS[0]}\n`);
  vi.stubEnv("PATH", `${directory}${delimiter}${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const machine = new SshMachine({ server: "server-1", sshConfig: "" });
  onTestFinished(() => machine.close());
  const told: string[] = [];
  machine.onReconnect((message) => told.push(message));
  const breakConnection = async () => {
    const pid = Number(await readFile(join(directory, "pid"), "utf8"));
    process.kill(pid, "SIGKILL");
    await until(() => !existsSync(`/proc/${pid}`), 10);
  };
  expect(await machine.run("echo one", [])).toBe("one\n");
  expect(told).toEqual([]);
  return { machine, told, breakConnection, boot: join(directory, "boot") };
}

test("reconnecting is reported", async () => {
  const { machine, told, breakConnection } = await connected();
  await breakConnection();
  expect(await machine.run("echo two", [])).toBe("two\n");
  expect(told).toEqual(["the connection to server-1 broke; reconnected"]);
});

test("a reboot is reported", async () => {
  const { machine, told, breakConnection, boot } = await connected();
  await writeFile(boot, `${BOOTS[1]}\n`);
  await breakConnection();
  expect(await machine.run("echo two", [])).toBe("two\n");
  expect(told).toEqual(["server-1 was rebooted; reconnected"]);
});

test("as many commands as run at once can all ask for the lease on the same server before they run again", async () => {
  const { machine } = await connected();
  const directory = await temporaryDirectory();
  machine.fence(async () => void (await machine.run("true", [], { unfenced: true })));
  // The first time, it takes what stands for its connection with it.
  const script =
    'if mkdir "$1"; then read -r _ _ _ parent _ < /proc/$PPID/stat; kill -9 $parent; fi; echo again';
  const runs = Array.from({ length: 8 }, (_, index) => machine.run(script, [join(directory, String(index))]));
  expect(await Promise.all(runs)).toEqual(runs.map(() => "again\n"));
}, 20_000);

test("a command that nobody waits for any more is not begun", async () => {
  const { machine } = await connected();
  const made = join(await temporaryDirectory(), "made");
  const signal = AbortSignal.abort(new Error("stop"));
  await expect(machine.run('mkdir "$1"', [made], { signal })).rejects.toThrow("stop");
  expect(existsSync(made)).toBe(false);
});
