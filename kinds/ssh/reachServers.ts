import { InvalidInput, RollgateError } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";
import { examineCertificate } from "#rollout/nginx/tls/certificate.ts";
import { copiedCertificate } from "#rollout/nginx/tls/readCertificate.ts";
import { hostInFolder } from "../hostInFolder.ts";
import { NOBODY, takenPort } from "../takenPort.ts";
import { copiesFolder } from "./certificateUnits.ts";
import { Logins } from "./logins.ts";
import { lookAtPlace } from "./lookAtPlace.ts";
import { explain, nameOf, type Place, provisionScript, runProvision } from "./provisionPlace.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";
import type { SshMachine } from "./sshMachine.ts";
import { SshMachines } from "./sshMachines.ts";
import type { Provisioning } from "./sshServer.ts";

interface Asked {
  /** The setting that names the server. */
  readonly setting: string;
  readonly place: Place;
  readonly provisioning: Provisioning | undefined;
  /** The names that its certificate must be for, if it has one. */
  readonly serverNames?: readonly string[];
  /** What to do if the server is gone for good. */
  readonly way: string;
}

/** What is known of a place once its server was reached, so that nobody has to ask again. */
export interface Reached {
  /** The account that logs in to deploy. */
  readonly deployer: string;
  /** Whether the ports of a host were looked at, and are free. */
  readonly portsAreFree: boolean;
}

/** What is known of each place. */
export type ReachedServers = (place: Pick<Place, "server" | "unit">) => Reached | undefined;

/**
 * Logs in to every server once, and checks that servers still to be set up meet the requirements, and that nobody has the
 * ports of new hosts. Throws all problems at once, each with its setting. The program asks this, since Pulumi would ask
 * one resource after the other.
 */
export async function reachServers(
  hosts: readonly (SshHostDescriptor & { provisioning?: Provisioning })[],
  proxies: readonly (SshProxyDescriptor & { provisioning?: Provisioning })[],
  serverNames: readonly string[] = [],
): Promise<ReachedServers> {
  const machines = new SshMachines();
  const places: readonly Asked[] = [
    ...hosts.map(({ provisioning, ...place }, index) => ({
      ...{ setting: `hosts[${index}].server`, place, provisioning },
      way: `remove ${place.name} from hosts`,
    })),
    ...proxies.map(({ provisioning, ...place }, index) => ({
      ...{ setting: `nginxServers[${index}].server`, place, provisioning, serverNames },
      way:
        proxies.length > 1
          ? `remove ${place.server} from nginxServers`
          : "set nginxServers[0].server to another server",
    })),
  ];
  try {
    const logins = new Logins(places.length);
    const answers = await Promise.all(places.map((asked) => reach(asked, machines, logins)));
    const problems = answers.filter((answer) => "reason" in answer);
    if (problems.length > 0) throw combined(problems);
    const reached = answers.filter((answer) => "deployer" in answer);
    const known = new Map(places.map(({ place }, index) => [keyOf(place), reached[index]]));
    return (place) => known.get(keyOf(place));
  } finally {
    await machines.close();
  }
}

function keyOf({ server, unit }: Pick<Place, "server" | "unit">): string {
  return `${server}:${unit}`;
}

interface Problem {
  readonly setting: string;
  readonly reason: string;
  /** Why nobody could log in, if that may be because the server is still starting. */
  readonly starting?: RollgateError;
  /** What to do if it is gone for good, if it can't be reached. */
  readonly way?: string;
}

/** All of them in one error. */
function combined(problems: readonly Problem[]): InvalidInput {
  const [first, ...others] = problems;
  const reasons = [first?.reason, ...others.map(({ setting, reason }) => `${setting}: ${reason}`)];
  const ways = [...new Set(problems.flatMap(({ way }) => way ?? []))];
  const advice = ways.length > 0 ? `. If gone for good: ${ways.join(", ")}, then run \`pulumi up\`` : "";
  // Those that are away come first, because others may wait for an account meanwhile.
  const starting = problems
    .flatMap(({ starting }) => starting ?? [])
    .toSorted((a, b) => Number(b instanceof MachineUnreachable) - Number(a instanceof MachineUnreachable));
  return new InvalidInput(
    first?.setting ?? "hosts",
    `${reasons.join("; ")}${advice}`,
    starting.length === problems.length ? { cause: starting[0] } : {},
  );
}

async function reach(asked: Asked, machines: SshMachines, logins: Logins): Promise<Reached | Problem> {
  const { place, provisioning } = asked;
  const machine = machines.of(place);
  let { setting } = asked;
  try {
    const account = await machine.accountOfSetUp(place.directory);
    // A server that is set up is not checked again: from then on only the deploying account needs access.
    const { deployer, found, isChecked } = account
      ? { deployer: account, found: "there", isChecked: false }
      : await logins.atOnce(machine, () => look(machine, asked));
    const isReady = found === "there";
    const isNewHost = "name" in place && !isReady;
    if (found === "taken" && "name" in place) await requireFreePorts(machine, place);
    const reached = { deployer, portsAreFree: isNewHost };
    if (!provisioning || isChecked) return reached;
    const { certificate: files } = provisioning;
    const folder = `${copiesFolder(place)}/current`;
    const copy = files && (await copiedCertificate(machine, folder, files));
    if (copy !== undefined) return certificateProblem(copy, asked) ?? reached;
    if (isReady && !files) return reached;
    const { user } = provisioning;
    const admin = machines.of({ ...place, user });
    if (user !== "") {
      setting = "sshProvisionUser";
      await logins.atOnce(admin, () => admin.run("true", []));
      setting = asked.setting;
    }
    const script = provisionScript({ ...provisioning, place }, deployer);
    const printed = await runProvision(admin, "check", place, script);
    // Once there is a copy, nginx's resource tells when that expires.
    return (files && certificateProblem(printed, asked, (line) => console.log(line))) ?? reached;
  } catch (error) {
    return problemIn(error, { ...asked, setting });
  }
}

/** What the account that deploys finds there; `isChecked` says whether it has found all that is needed. */
async function look(machine: SshMachine, { place, provisioning }: Asked) {
  const deployer = await machine.account();
  const checks = provisioning?.user === "" && !provisioning.certificate ? provisioning : undefined;
  const script = checks && provisionScript({ ...checks, place }, deployer);
  const found = await lookAtPlace(machine, place, script);
  return { deployer, found, isChecked: found === "new" && script !== undefined };
}

/** A first roll would start nothing where another process has the port. */
async function requireFreePorts(machine: SshMachine, host: SshHostDescriptor): Promise<void> {
  const { openSshHost } = await import("./openSshHost.ts");
  const { portOwner } = hostInFolder(machine, host.directory, openSshHost(machine, host));
  // A server that is not set up yet may have nothing to ask with.
  const taken = takenPort(await portOwner().catch(() => NOBODY), host);
  if (taken) throw taken;
}

function problemIn(error: unknown, { place, provisioning, setting, way }: Asked): Problem {
  const reason = explain(place, error);
  if (error instanceof InvalidInput)
    return {
      setting: setting.replace(/server$/, error.property),
      reason: `${nameOf(place)}: ${error.reason}`,
    };
  const { certificate, key } = provisioning?.certificate ?? {};
  if (key !== undefined && reason.endsWith(key)) return { setting: "tls.key", reason };
  if (certificate !== undefined && reason.endsWith(certificate))
    return { setting: "tls.certificate", reason };
  const isAway = error instanceof MachineUnreachable;
  const isStarting = isAway || (error instanceof RollgateError && error.code === "login-refused");
  return { setting, reason, ...(isStarting && { starting: error }), ...(isAway && { way }) };
}

function certificateProblem(
  certificate: string,
  { place, serverNames = [] }: Asked,
  warn: (line: string) => void = () => {},
): Problem | undefined {
  const { problem, warning } = examineCertificate(certificate, serverNames);
  const where = `${nameOf(place)}: ${place.server}`;
  if (warning !== undefined) warn(`warning: tls.certificate: ${where}: ${warning}`);
  return problem === undefined ? undefined : { setting: "tls.certificate", reason: `${where}: ${problem}` };
}
