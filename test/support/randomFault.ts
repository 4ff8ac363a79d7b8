import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalFleet } from "../../harness/localFleet.ts";
import type { RollSettings } from "../../harness/realFleet.ts";
import { phaseLine, type RollerProcess, type RollOutcome } from "../../harness/rollerProcess.ts";
import { damageRelease } from "./damageRelease.ts";
import { grabPort } from "./foreigner.ts";
import { type Market, market } from "./market.ts";

/** The fault of a roll, which strikes at the end of this phase of this host. */
export interface Hit {
  readonly fleet: LocalFleet;
  readonly target: Market;
  readonly phase: string;
  readonly host: string;
  readonly settings: RollSettings;
}

/** How the roll ended, and when (on the clock of the traffic) the fault killed a JVM that took traffic. */
export interface HitResult extends RollOutcome {
  readonly killedAt?: number | readonly number[] | undefined;
}

/** In the words of either order. */
export const PHASES = ["drain", "settle", "stop", "switch", "start", "health", "upstream", "admit", "soak"];

/** The faults that a roll may meet; each ends with the end of the roll. */
export const FAULTS: Readonly<Record<string, (hit: Hit) => Promise<HitResult>>> = {
  none: ({ fleet, settings }) => fleet.roll(settings),
  "health-down": (hit) => rollBadJar(hit, "health-down"),
  "body-down": (hit) => rollBadJar(hit, "body-down"),
  "health-hangs": (hit) => rollBadJar(hit, "health-hangs"),
  "health-flaps": (hit) => rollBadJar(hit, "health-flaps"),
  "exit-at-start": (hit) => rollBadJar(hit, "exit-at-start"),
  "deployer killed": (hit) => onPhase(hit, async (roller) => roller.kill()),
  "JVM killed": async (hit) => {
    let killedAt: number | undefined;
    const outcome = await onPhase(hit, async (roller) => {
      killedAt = await killJvm(hit.fleet, hit.host);
      return roller.done;
    });
    return { ...outcome, killedAt };
  },
  "peer killed": async (hit) => {
    let killedAt: number | undefined;
    const peer = hit.fleet.hosts.map(({ name }) => name).find((name) => name !== hit.host) ?? hit.host;
    const outcome = await onPhase(hit, async (roller) => {
      killedAt = await killJvm(hit.fleet, peer);
      return roller.done;
    });
    return { ...outcome, killedAt };
  },
  "crash after healthy": async ({ fleet, settings }) => {
    const bad = await market({ version: "1.2.0", fault: "crash-after-healthy" });
    const timing = { ...settings.timing, soakSeconds: 8 };
    const roller = await fleet.startRoll({ ...settings, jar: bad.jar, timing });
    const crashes = crashesOf(bad.id, fleet, roller);
    return { ...(await roller.done), killedAt: await crashes };
  },
  "stop asked": (hit) =>
    onPhase(hit, async (roller) => {
      await writeFile(join(hit.fleet.proxy.directory, "lease", "stop"), "");
      return roller.done;
    }),
  "second deployer": (hit) =>
    onPhase(hit, async (roller) => {
      const second = await hit.fleet.roll(hit.settings);
      const first = await roller.done;
      if (first.code === 0 && second.code === 0 && !second.output.includes("already serves")) {
        throw new Error(`both deployers rolled:\n${first.output}\n${second.output}`);
      }
      return first;
    }),
  "port taken": async ({ fleet, host, settings }) => {
    const { slot } = await fleet.member(host);
    const grabber = grabPort(fleet, slot.port);
    try {
      return await fleet.roll(settings);
    } finally {
      await grabber.end();
    }
  },
  "flag left behind": async ({ fleet, host, settings }) => {
    if (await othersServe(fleet, host)) {
      const { slot } = await fleet.member(host);
      await fleet.drain(slot.name);
    }
    return fleet.roll(settings);
  },
  "staged jar damaged": async ({ fleet, host, target, settings }) => {
    const { releases, running } = await fleet.observe(host);
    if (releases.includes(target.id) && running?.release !== target.id) damageRelease(fleet, host, target.id);
    return fleet.roll(settings);
  },
};

/** Starts the roll and strikes after the phase; if the roll never gets there, it ends by itself. */
async function onPhase(
  { fleet, phase, host, settings }: Hit,
  strike: (roller: RollerProcess) => Promise<RollOutcome>,
): Promise<RollOutcome> {
  const roller = await fleet.startRoll(settings);
  const reached = await roller.line(phaseLine(host, phase)).then(
    () => true,
    () => false,
  );
  return reached ? strike(roller) : roller.done;
}

async function rollBadJar({ fleet, settings }: Hit, fault: string): Promise<RollOutcome> {
  const { jar } = await market({ version: "1.2.0", fault });
  return fleet.roll({ ...settings, jar });
}

/** Kills a JVM unless its host is the last that takes traffic; returns when, if it took traffic. */
async function killJvm(fleet: LocalFleet, host: string): Promise<number | undefined> {
  if (!(await fleet.running(host))) return undefined;
  const takesTraffic = !(await fleet.member(host)).drained;
  if (takesTraffic && !(await othersServe(fleet, host))) return undefined;
  const killedAt = await fleet.killJvm(host);
  return takesTraffic ? killedAt : undefined;
}

async function othersServe(fleet: LocalFleet, host: string): Promise<boolean> {
  for (const { name } of fleet.hosts) {
    if (name === host) continue;
    const { drained, state } = await fleet.member(name);
    if (!drained && state.running) return true;
  }
  return false;
}

/** When the JVMs of a release ended, one by one; the hosts of a batch run it side by side. */
async function crashesOf(release: string, fleet: LocalFleet, roller: RollerProcess): Promise<number[]> {
  let isOver = false;
  roller.done.finally(() => {
    isOver = true;
  });
  const crashes: number[] = [];
  let before: string[] = [];
  while (!isOver) {
    const all = Object.entries(await fleet.releases());
    const running = all.filter(([, releases]) => releases.includes(release)).map(([host]) => host);
    if (before.some((host) => !running.includes(host))) crashes.push(fleet.loadSeconds);
    before = running;
    await sleep(50);
  }
  return crashes;
}
