import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { ConnectionPool } from "#kinds/ssh/connectionPool.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { until } from "../../../../harness/until.ts";
import { standIn } from "../../../support/standIn.ts";

/** Stands for `ssh` and the server: runs what it is told here, and notes each login with its process. */
const SSH = (directory: string) => `#!/bin/sh
for last; do :; done
case "$*" in *ControlMaster=yes*) echo $$ >> ${directory}/logins; echo rollgate-connected; exec cat > /dev/null;; esac
exec sh -c "$last"
`;
/** The same, but lets nobody in for this long, and its own session never begins. */
const SLOW_SSH = (directory: string, seconds: number) => `#!/bin/sh
for last; do :; done
case "$*" in
*ControlMaster=yes*)
  for word; do case $word in ControlPath=*) socket=\${word#*=};; esac; done
  sleep ${seconds}
  exec "${process.execPath}" -e 'require("node:net").createServer().listen(process.argv[1]); process.stdin.resume().on("end", () => process.exit())' "$socket";;
esac
echo $$ >> ${directory}/shells
exec sh -c "$last"
`;
const PLACE = { server: "server-1", sshConfig: "" };
const KEPT_MILLISECONDS = 300;

let directory: string;

beforeEach(async () => {
  directory = await standIn("ssh", SSH);
});

async function logins(): Promise<number[]> {
  return (await readFile(join(directory, "logins"), "utf8")).trim().split("\n").map(Number);
}

async function ask(pool: ConnectionPool): Promise<SshMachine> {
  const machine = new SshMachine(PLACE, pool);
  expect(await machine.run("echo one", [])).toBe("one\n");
  return machine;
}

test("a connection is kept for the next who needs the same server, and closed when nobody does for a while", async () => {
  const pool = new ConnectionPool(KEPT_MILLISECONDS);
  await (await ask(pool)).close();
  const both = await Promise.all([ask(pool), ask(pool)]);
  for (const machine of both) await machine.close();
  const [pid, ...others] = await logins();
  expect(others).toEqual([]);
  await until(() => !existsSync(`/proc/${pid}`), 10);
  await (await ask(pool)).close();
  expect(await logins()).toHaveLength(2);
});

test("one that others still use is not closed", async () => {
  const pool = new ConnectionPool(1);
  const [first, second] = [await ask(pool), await ask(pool)];
  await first.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await second.run("echo two", [])).toBe("two\n");
  await expect(first.run("echo two", [])).rejects.toMatchObject({ code: "connection-closed" });
  await second.close();
  expect(await logins()).toHaveLength(1);
});

test("after a drop the next one logs in anew, and who uses the old connection goes on", async () => {
  const pool = new ConnectionPool(KEPT_MILLISECONDS);
  const first = await ask(pool);
  await pool.drop();
  const second = await ask(pool);
  const pids = await logins();
  expect(pids).toHaveLength(2);
  expect(await first.run("echo two", [])).toBe("two\n");
  await first.close();
  expect(pids.map((pid) => existsSync(`/proc/${pid}`))).toEqual([false, true]);
  await second.close();
  await pool.drop();
});

test("without keeping, each has a connection of its own and closes it", async () => {
  const pool = new ConnectionPool(0);
  const both = await Promise.all([ask(pool), ask(pool)]);
  for (const machine of both) await machine.close();
  expect((await logins()).map((pid) => existsSync(`/proc/${pid}`))).toEqual([false, false]);
});

test.each([
  ["a server", 0, 1],
  ["a far server", 0.5, 2],
])(
  "%s gets its shells as soon as it has let us in, because each takes round trips",
  async (_, seconds, shells) => {
    const login = join(directory, "ssh");
    await writeFile(login, SLOW_SSH(directory, seconds));
    const pool = new ConnectionPool(KEPT_MILLISECONDS);
    const machine = await ask(pool);
    const opened = async () => (await readFile(join(directory, "shells"), "utf8")).trim().split("\n").length;
    await until(async () => (await opened()) >= shells, 10);
    await machine.close();
    await pool.drop();
  },
);
