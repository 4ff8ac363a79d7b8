import { InvalidInput } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";
import { atOnce } from "./atOnce.ts";
import { explain, type Place, provisionScript, runProvision } from "./provisionPlace.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";
import { SshMachines } from "./sshMachines.ts";
import type { Provisioning } from "./sshServer.ts";

interface Asked {
  /** The setting that names the server. */
  readonly setting: string;
  readonly place: Place;
  readonly provisioning: Provisioning | undefined;
  /** What to do if the server is gone for good. */
  readonly way: string;
}

/**
 * Logs in to every server once, and checks that servers still to be set up meet the requirements. Throws all problems
 * at once, each with its setting.
 */
export async function reachServers(
  hosts: readonly (SshHostDescriptor & { provisioning?: Provisioning })[],
  { provisioning, ...proxy }: SshProxyDescriptor & { provisioning?: Provisioning },
): Promise<void> {
  const machines = new SshMachines();
  const places: readonly Asked[] = [
    ...hosts.map(({ provisioning, ...place }, index) => ({
      ...{ setting: `hosts[${index}].server`, place, provisioning },
      way: `remove ${place.name} from hosts`,
    })),
    { setting: "nginxServer", place: proxy, provisioning, way: "set nginxServer to another server" },
  ];
  try {
    const answers = await Promise.all(places.map((asked) => atOnce(() => problemOf(asked, machines))));
    const problems = answers.flatMap((problem) => problem ?? []);
    const [first, ...others] = problems;
    if (!first) return;
    const reasons = [first.reason, ...others.map(({ setting, reason }) => `${setting}: ${reason}`)];
    const ways = [...new Set(problems.flatMap(({ way }) => way ?? []))];
    const advice = ways.length > 0 ? `. If gone for good: ${ways.join(", ")}, then run \`pulumi up\`` : "";
    throw new InvalidInput(first.setting, `${reasons.join("; ")}${advice}`);
  } finally {
    await machines.close();
  }
}

/** A server that is set up is not checked again: from then on only the deploying account needs access. */
const WHO = `id -un; if [ -d "$1" ]; then echo ready; fi`;

async function problemOf(asked: Asked, machines: SshMachines) {
  const { place, provisioning } = asked;
  let { setting } = asked;
  try {
    const printed = await machines.of(place).run(WHO, [place.directory]);
    const [deployer = "", isReady] = printed.split("\n");
    if (!provisioning || isReady) return undefined;
    const { user } = provisioning;
    if (user !== "") setting = "sshProvisionUser";
    const machine = machines.of({ ...place, user });
    await machine.run("true", []);
    setting = asked.setting;
    await runProvision(machine, "check", place, provisionScript({ ...provisioning, place }, deployer));
    return undefined;
  } catch (error) {
    const isGone = error instanceof MachineUnreachable;
    return { setting, reason: explain(place, error), ...(isGone && { way: asked.way }) };
  }
}
