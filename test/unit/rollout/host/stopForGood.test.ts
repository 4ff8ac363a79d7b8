import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import type { HostFolder } from "#rollout/host/hostPlace.ts";
import { ProcessSupervisor } from "#rollout/host/processSupervisor.ts";
import { SystemdSupervisor } from "#rollout/host/systemdSupervisor.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

type Run = Machine["run"];

/** The second slot of a host with its start files, on a machine that records what it runs. */
async function slotOf(supervisor: "process" | "systemd", run?: Run) {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "secrets"));
  for (const file of ["start", "start_b", "secrets/environment", "secrets/environment_b"])
    await writeFile(join(directory, file), "");
  const scripts: string[] = [];
  const local = new LocalMachine();
  const machine = {
    name: "server",
    run: (...[script, ...rest]: Parameters<Run>) => {
      scripts.push(script);
      return (run ?? local.run.bind(local))(script, ...rest);
    },
  };
  const place: HostFolder = { name: "app-1_b", address: "127.0.0.1", port: 8081, directory, slot: "b" };
  const files = new HostFiles(machine, directory);
  const slot =
    supervisor === "process"
      ? new ProcessSupervisor(machine, place, files)
      : new SystemdSupervisor(machine, place, files, "rollgate-app-1_b");
  const left = async () => (await readdir(directory, { recursive: true })).sort();
  return { slot, scripts, directory, left };
}

test("a process is stopped for good by one script, which leaves the files of the other slot", async () => {
  const { slot, scripts, left } = await slotOf("process");
  expect(await slot.stopForGood(1)).toEqual({ killed: false });
  expect(scripts).toHaveLength(1);
  expect(await left()).toEqual(["secrets", "secrets/environment", "start"]);
});

test("a process that is only stopped can be started again", async () => {
  const { slot, left } = await slotOf("process");
  await slot.stop(1);
  expect(await left()).toContain("start_b");
});

test("a unit is stopped for good by one script, after the files that it starts from are gone", async () => {
  let printed = "";
  const { slot, scripts, left } = await slotOf("systemd", async (script, args) => {
    const commands = 'systemctl() { :; }\nwith_rights() { echo "$@"; ls "$directory"; }';
    const replaced = script.replace(/with_rights\(\) \{[\s\S]*?\n\}/, commands);
    printed = await new LocalMachine().run(`directory=$1\n${replaced}`, args);
    return "";
  });
  await slot.stopForGood(1);
  expect(scripts).toHaveLength(1);
  expect(printed).toMatch(/systemctl stop rollgate-app-1_b\.service\nsecrets\nstart\n$/);
  expect(await left()).toEqual(["secrets", "secrets/environment", "start"]);
});
