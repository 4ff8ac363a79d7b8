import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { ConnectionPool } from "#kinds/ssh/connectionPool.ts";
import { SharedSockets } from "#kinds/ssh/sharedSockets.ts";
import type { SshPlace } from "#kinds/ssh/sshArguments.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { until } from "../../../../harness/until.ts";
import { standIn } from "../../../support/standIn.ts";

/**
 * Stands for `ssh` and far servers: a login that has to be made takes a while, and leaves a socket. Notes logins, sessions and
 * connections to ports.
 */
const FAR = (directory: string) => `#!/bin/sh
for last; do :; done
for word; do case $word in ControlPath=*) socket=\${word#*=};; esac; done
[ "$1" != -G ] || { printf "%s\\n" "$last"; exit 0; }
server=$(printf "%s\\n" "$@" | grep -x "server-[0-9]")
case "$*" in
*ControlMaster=auto*)
  [ -e "$socket" ] || { sleep 0.5; echo "$server" >> ${directory}/logins; }
  exec "${process.execPath}" -e '
    const server = require("node:net").createServer().on("error", () => {});
    server.listen(process.argv[1], () => {});
    console.log("11111111-1111-4111-8111-111111111111\\nrollgate-connected deploy");
    process.stdin.resume().on("end", () => process.exit());
  ' "$socket";;
*" -W "*) echo "$server" >> ${directory}/connections; exec cat > /dev/null;;
esac
echo "$server" >> ${directory}/sessions
exec sh -c "$last"
`;
const KEPT_MILLISECONDS = 5_000;
const FIRST = { server: "server-1", sshConfig: "" };
const SECOND = { server: "server-2", sshConfig: "" };
/** Of each far server, in one process of an update. */
const [SESSIONS, CONNECTIONS] = [2, 1];

let directory: string;
let sockets: SharedSockets;

beforeEach(async () => {
  directory = await standIn("ssh", FAR);
  sockets = new SharedSockets(join(directory, "shared"));
  vi.stubEnv("PULUMI_NODEJS_ENGINE", "127.0.0.1:4000");
});

/** What a process does that uses some servers. */
async function use(...places: readonly SshPlace[]): Promise<void> {
  const pool = new ConnectionPool(KEPT_MILLISECONDS, sockets);
  onTestFinished(() => pool.drop());
  for (const place of places) {
    const machine = new SshMachine(place, pool);
    machine.connectAhead("127.0.0.1", 8081, CONNECTIONS);
    await machine.run("true", []);
    await machine.close();
  }
}

/** How often something was done on a server. */
async function count(what: "logins" | "sessions" | "connections", { server } = SECOND) {
  const text = await readFile(join(directory, what), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line === server).length;
}

test("a process that needs a far server begins with the others that its update has used, over their connections", async () => {
  await use(FIRST, SECOND);
  await until(async () => (await count("sessions")) === SESSIONS, 20);
  await use(FIRST);
  await until(async () => (await count("sessions")) === 2 * SESSIONS, 20);
  await until(async () => (await count("connections")) === 2 * CONNECTIONS, 20);
  expect(await count("logins")).toBe(1);
});

test.each([
  ["that another update has used", () => void vi.stubEnv("PULUMI_NODEJS_ENGINE", "127.0.0.1:4001")],
  ["whose connection is gone", async () => rm((await sockets.of(SECOND)) ?? "")],
])("one %s is left alone", async (_, change) => {
  await use(FIRST, SECOND);
  await until(async () => (await count("sessions")) === SESSIONS, 20);
  await change();
  await use(FIRST);
  await until(async () => (await count("sessions", FIRST)) === 2 * SESSIONS, 20);
  await sleep(200);
  expect([await count("logins"), await count("sessions")]).toEqual([1, SESSIONS]);
});
