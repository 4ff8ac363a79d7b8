import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { ConnectionPool } from "#kinds/ssh/connectionPool.ts";
import { Logins } from "#kinds/ssh/logins.ts";
import { SharedSockets } from "#kinds/ssh/sharedSockets.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { standIn } from "../../../support/standIn.ts";

/** Stands for `ssh -G`: what it says of two servers. */
const SSH = () => `#!/bin/sh
for last; do :; done
echo "hostname $last"
case $last in jumped) echo "proxyjump bastion";; tunnelled) echo "proxycommand nc %h %p";; esac
echo "proxyusefdpass no"
`;

/** The most logins that are under way together. */
async function most(servers: number, direct: boolean): Promise<number> {
  const logins = new Logins(servers);
  const machine = { isDirect: async () => direct };
  let [now, highest] = [0, 0];
  const login = async () => {
    now++;
    highest = Math.max(highest, now);
    await sleep(5);
    now--;
  };
  await Promise.all(Array.from({ length: servers }, () => logins.atOnce(machine, login)));
  return highest;
}

test("behind another server, no more log in at once than its sshd takes, and with few servers no more anywhere", async () => {
  expect(await most(100, true)).toBe(32);
  expect(await most(100, false)).toBe(8);
  expect(await most(20, true)).toBe(8);
});

test("the configuration of ssh tells whether another server is in between", async () => {
  const directory = await standIn("ssh", SSH);
  const isDirect = async (server: string, pool: ConnectionPool) => {
    const machine = new SshMachine({ server, sshConfig: "" }, pool);
    onTestFinished(() => machine.close());
    return machine.isDirect();
  };
  const pool = new ConnectionPool(0, new SharedSockets(`${directory}/shared`));
  expect(await isDirect("plain", pool)).toBe(true);
  expect(await isDirect("jumped", pool)).toBe(false);
  expect(await isDirect("tunnelled", pool)).toBe(false);
  expect(await isDirect("plain", new ConnectionPool(0))).toBe(false);
  vi.stubEnv("PATH", "/nowhere");
  expect(await isDirect("plain", pool)).toBe(false);
});
