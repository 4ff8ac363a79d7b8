import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { ConnectionPool } from "#kinds/ssh/connectionPool.ts";
import { runProvision } from "#kinds/ssh/provisionPlace.ts";
import { SharedSockets } from "#kinds/ssh/sharedSockets.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** Stands for `ssh` behind a jump host that lets nobody in; it keeps that to itself if it is to go on in the background. */
const BEHIND_JUMP_HOST = `#!/bin/sh
case "$*" in *ControlPersist=no*) echo "deploy@jump: Permission denied (publickey)." >&2;; esac
echo "Connection closed by UNKNOWN port 65535" >&2
exit 255
`;
/** Stands for `ssh` and the server: what is there at first is dead, and has to be removed before a login. */
const DEAD_AT_FIRST = `#!/bin/sh
for last; do :; done
for word; do case $word in ControlPath=*) socket=\${word#*=};; esac; done
[ "$1" != -G ] || exit 0
if [ -e "$socket" ]; then sleep 0.2; echo "client_loop: send disconnect: Broken pipe" >&2; exit 255; fi
case "$*" in *ControlMaster=auto*)
  echo 11111111-1111-4111-8111-111111111111; echo "rollgate-connected deploy"; exec cat > /dev/null;;
esac
exec sh -c "$last"
`;
/** Stands for `ssh` and the server: lets nobody in for a while, and notes each shell beside the login's own. */
const FAR = (directory: string) => `#!/bin/sh
for last; do :; done
for word; do case $word in ControlPath=*) socket=\${word#*=};; esac; done
[ "$1" != -G ] || exit 0
case "$*" in *ControlMaster=auto*)
  sleep 0.5
  exec "${process.execPath}" -e '
    require("node:net").createServer().listen(process.argv[1], () =>
      require("node:child_process").spawn("sh", ["-c", process.argv[2]], { stdio: "inherit" }).once("exit", () => process.exit()))
  ' "$socket" "$last";;
esac
echo $$ >> ${directory}/shells
exec sh -c "$last"
`;
/** Stands for `ssh` and the server: says who is logged in some time after it has let us in. */
const SAYS_LATE = `#!/bin/sh
for last; do :; done
for word; do case $word in ControlPath=*) socket=\${word#*=};; esac; done
case "$*" in *ControlMaster=no*) exit 255;; esac
exec "${process.execPath}" -e '
  require("node:net").createServer().listen(process.argv[1], () => setTimeout(() =>
    require("node:child_process").spawn("sh", ["-c", process.argv[2]], { stdio: "inherit" }).once("exit", () => process.exit()), 500))
' "$socket" 'echo rollgate-connected deploy; exec cat > /dev/null'
`;
const PLACE = { server: "server-1", sshConfig: "" };

let directory: string;
let sockets: SharedSockets;

beforeEach(async () => {
  directory = await temporaryDirectory();
  sockets = new SharedSockets(join(directory, "shared"));
  vi.stubEnv("PATH", `${directory}${delimiter}${process.env.PATH}`);
  return () => void vi.unstubAllEnvs();
});

async function machineOver(ssh: string): Promise<SshMachine> {
  await writeFile(join(directory, "ssh"), ssh);
  await chmod(join(directory, "ssh"), 0o755);
  const machine = new SshMachine(PLACE, new ConnectionPool(0, sockets));
  onTestFinished(() => machine.close());
  return machine;
}

test("a jump host that refuses the login is named as the reason", async () => {
  const machine = await machineOver(BEHIND_JUMP_HOST);
  await expect(machine.run("true", [])).rejects.toMatchObject({ code: "login-refused" });
});

test("a connection that was dead already is no reboot", async () => {
  const machine = await machineOver(DEAD_AT_FIRST);
  const told: string[] = [];
  machine.onReconnect((message) => told.push(message));
  const dead = createServer();
  onTestFinished(() => void dead.close());
  dead.listen(await sockets.of(PLACE));
  await once(dead, "listening");
  expect(await machine.run("echo one", [])).toBe("one\n");
  expect(told).toEqual(["the connection to server-1 broke; reconnected"]);
});

test("a program that only asks whether a far server is there does so in the session of its login", async () => {
  const machine = await machineOver(FAR(directory));
  expect(await machine.run("echo one", [])).toBe("one\n");
  // Shells in advance would have been opened right after the login.
  expect(await machine.run("sleep 0.3; echo two", [])).toBe("two\n");
  expect(existsSync(join(directory, "shells"))).toBe(false);
});

test("the session of the login also checks whether a server can be set up", async () => {
  const machine = await machineOver(FAR(directory));
  const slots = { name: "app-1", address: "127.0.0.1", port: 8080, directory, unit: "" };
  const place = { kind: "ssh", supervisor: "process", ...PLACE, ...slots } as const;
  expect(await runProvision(machine, "check", place, 'echo "$1"')).toBe("check\n");
  expect(existsSync(join(directory, "shells"))).toBe(false);
});

test("commands at the same time as the first one follow it in the same session", async () => {
  const machine = await machineOver(FAR(directory));
  const said = await Promise.all(["one", "two"].map((word) => machine.run('sleep 0.3; echo "$1"', [word])));
  expect(said).toEqual(["one\n", "two\n"]);
  expect(existsSync(join(directory, "shells"))).toBe(false);
});

test("a program that has nothing else to do waits until a server says who is logged in", async () => {
  await writeFile(join(directory, "ssh"), SAYS_LATE);
  await chmod(join(directory, "ssh"), 0o755);
  const program = `import { SshMachine } from "#kinds/ssh/sshMachine.ts";
    const machine = new SshMachine(${JSON.stringify(PLACE)});
    console.log(await machine.account());
    await machine.close();`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  expect(stdout).toBe("deploy\n");
});
