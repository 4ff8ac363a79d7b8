import { InvalidInput, RollgateError } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";
import { examineCertificate } from "#rollout/nginx/tls/certificate.ts";
import { copiedCertificate } from "#rollout/nginx/tls/readCertificate.ts";
import { atOnce } from "./atOnce.ts";
import { copiesFolder } from "./certificateUnits.ts";
import { explain, nameOf, type Place, provisionScript, runProvision } from "./provisionPlace.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";
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

/**
 * Logs in to every server once, and checks that servers still to be set up meet the requirements. Throws all problems
 * at once, each with its setting.
 */
export async function reachServers(
  hosts: readonly (SshHostDescriptor & { provisioning?: Provisioning })[],
  proxies: readonly (SshProxyDescriptor & { provisioning?: Provisioning })[],
  serverNames: readonly string[] = [],
): Promise<void> {
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
    const answers = await Promise.all(places.map((asked) => atOnce(() => problemOf(asked, machines))));
    const problems = answers.flatMap((problem) => problem ?? []);
    const [first, ...others] = problems;
    if (!first) return;
    const reasons = [first.reason, ...others.map(({ setting, reason }) => `${setting}: ${reason}`)];
    const ways = [...new Set(problems.flatMap(({ way }) => way ?? []))];
    const advice = ways.length > 0 ? `. If gone for good: ${ways.join(", ")}, then run \`pulumi up\`` : "";
    // Those that are away come first, because others may wait for an account meanwhile.
    const starting = problems
      .flatMap(({ starting }) => starting ?? [])
      .toSorted((a, b) => Number(b instanceof MachineUnreachable) - Number(a instanceof MachineUnreachable));
    throw new InvalidInput(
      first.setting,
      `${reasons.join("; ")}${advice}`,
      starting.length === problems.length ? { cause: starting[0] } : {},
    );
  } finally {
    await machines.close();
  }
}

interface Problem {
  readonly setting: string;
  readonly reason: string;
  /** Why nobody could log in, if that may be because the server is still starting. */
  readonly starting?: RollgateError;
  /** What to do if it is gone for good, if it can't be reached. */
  readonly way?: string;
}

/** A server that is set up is not checked again: from then on only the deploying account needs access. */
const WHO = `id -un; if [ -d "$1" ]; then echo ready; fi`;

async function problemOf(asked: Asked, machines: SshMachines): Promise<Problem | undefined> {
  const { place, provisioning } = asked;
  let { setting } = asked;
  try {
    const known = await machines.of(place).run(WHO, [place.directory]);
    const [deployer = "", isReady] = known.split("\n");
    if (!provisioning) return undefined;
    const { certificate: files } = provisioning;
    const folder = `${copiesFolder(place)}/current`;
    const copy = files && (await copiedCertificate(machines.of(place), folder, files));
    if (copy !== undefined) return certificateProblem(copy, asked);
    if (isReady && !files) return undefined;
    const { user } = provisioning;
    if (user !== "") setting = "sshProvisionUser";
    const machine = machines.of({ ...place, user });
    await machine.run("true", []);
    setting = asked.setting;
    const script = provisionScript({ ...provisioning, place }, deployer);
    const printed = await runProvision(machine, "check", place, script);
    // Once there is a copy, nginx's resource tells when that expires.
    return files && certificateProblem(printed, asked, (line) => console.log(line));
  } catch (error) {
    const reason = explain(place, error);
    const { certificate, key } = provisioning?.certificate ?? {};
    if (key !== undefined && reason.endsWith(key)) return { setting: "tls.key", reason };
    if (certificate !== undefined && reason.endsWith(certificate))
      return { setting: "tls.certificate", reason };
    const isAway = error instanceof MachineUnreachable;
    const isStarting = isAway || (error instanceof RollgateError && error.code === "login-refused");
    return { setting, reason, ...(isStarting && { starting: error }), ...(isAway && { way: asked.way }) };
  }
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
