import { dirname } from "node:path";
import { quote } from "#rollout/machine/quote.ts";
import { journalCommand, systemctlCommand } from "#rollout/machine/rights.ts";
import { testUnit } from "#rollout/nginx/systemdNginx.ts";
import { type Folders, makeFolders } from "./makeFolders.ts";
import { type Removable, removePlace } from "./removePlace.ts";
import { installPackages, requirements } from "./requirements.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";
import { hostUnit, nginxTestUnit, nginxUnit, unitMark } from "./units.ts";

/** What provisioning needs besides a descriptor. */
export interface ProvisionOptions {
  /** The account that deploys. */
  readonly deployer: string;
  /** The account that the service runs as; created if missing. */
  readonly account: string;
  readonly graceSeconds: number;
  /** The required command, and the Debian package to install if it is missing; empty for none. */
  readonly command: string;
  readonly package: string;
}

/** What a provisioning script does; `check` lists everything the server lacks and changes nothing. */
export type ProvisionAction = "check" | "install" | "remove";

/** The command that runs a provisioning script from standard input as root, or without systemd as any account. */
export function provisionCommand(
  action: ProvisionAction,
  supervisor: SshHostDescriptor["supervisor"],
): string {
  const otherwise =
    supervisor === "process"
      ? `exec sh -s -- ${action}`
      : `echo "expected root, or an account with unrestricted sudo and no password, got $(id -un): set sshProvisionUser" >&2; exit 1`;
  return `if [ "$(id -u)" = 0 ]; then exec sh -s -- ${action}; fi
if sudo -n sh -c : 2>/dev/null; then exec sudo -n sh -s -- ${action}; fi
${otherwise}`;
}

const NGINX_STOP_SECONDS = 30;
/** The default folder for all stacks on a server. */
const SHARED = "/srv/rollgate";

/** Sets up a server for one app host, or removes that again; running it twice changes nothing. */
export function provisionHost(host: SshHostDescriptor, options: ProvisionOptions): string {
  const { unit } = host;
  return script(host, options, {
    units: { [unit]: hostUnit(host, options.account, options.graceSeconds) },
    enabled: unit,
    inUse: "start",
    rights: [systemctlCommand("start", unit), systemctlCommand("stop", unit), journalCommand(unit)],
    parents: [dirname(host.directory), dirname(dirname(host.directory)), SHARED],
    deployers: ["releases"],
    services: ["work"],
    shared: ["secrets"],
    settings: "settings java and javaPackage",
    afterInstalling: "",
  });
}

/** Sets up a server for nginx, or removes that again; running it twice changes nothing. */
export function provisionNginx(proxy: SshProxyDescriptor, options: ProvisionOptions): string {
  const { unit } = proxy;
  const test = testUnit(unit);
  return script(proxy, options, {
    units: {
      [unit]: nginxUnit(proxy, options.account, NGINX_STOP_SECONDS),
      [test]: nginxTestUnit(proxy, options.account),
    },
    enabled: unit,
    inUse: "nginx.conf",
    rights: [
      systemctlCommand("start", unit),
      systemctlCommand("reload", unit),
      systemctlCommand("stop", unit),
      systemctlCommand("start", test),
      journalCommand(unit),
    ],
    parents: [dirname(proxy.directory), SHARED],
    deployers: ["drained", "lease"],
    services: ["logs", "temp"],
    shared: [],
    settings: "settings nginx and nginxPackage",
    // Debian starts nginx with a default site when it installs it.
    afterInstalling: "systemctl disable --now nginx.service 2>/dev/null || :",
  });
}

interface Parts extends Folders, Removable {
  /** The commands that a roll runs as root. */
  readonly rights: readonly string[];
  readonly afterInstalling: string;
  /** The settings that determine the required command. */
  readonly settings: string;
}

function script(
  { directory, supervisor }: SshHostDescriptor | SshProxyDescriptor,
  { deployer, account, command, package: debianPackage }: ProvisionOptions,
  parts: Parts,
): string {
  const withSystemd = supervisor === "systemd";
  const runsAs = withSystemd ? account : deployer;
  const steps = withSystemd
    ? [
        makeAccount(account),
        makeFolders(directory, deployer, runsAs, parts),
        units(parts, directory, command),
        sudoers(deployer, parts),
      ]
    : [makeFolders(directory, deployer, runsAs, parts)];
  return `# Written by rollgate: sets up a server, or removes that again. Runs as root, or without systemd as any account.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# One at a time, since hosts on a server share accounts and packages. Locks a folder, so that no lock file is left behind.
lock() {
  if [ "$(id -u)" = 0 ]; then exec 9<~root; else exec 9<"$HOME"; fi
  flock -w 600 9
}
if [ "$1" = remove ]; then
  lock
${removePlace(directory, withSystemd ? account : undefined, parts)}  exit 0
fi
${requirements({ command, package: debianPackage, settings: parts.settings, deployer, withSystemd })}
[ "$1" = install ] || exit 0
lock
${installPackages(debianPackage, parts.afterInstalling)}
${steps.join("\n")}`;
}

function makeAccount(account: string): string {
  return `if ! id -u ${account} >/dev/null 2>&1; then
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ${account}
fi`;
}

/** Replaces a unit only if it differs; running services are not restarted. */
function units({ units: texts, enabled }: Parts, directory: string, command: string): string {
  const writes = Object.entries(texts).map(
    ([unit, text]) => `replace ${quote(`/etc/systemd/system/${unit}.service`)} 0644 <<'ROLLGATE'
${text}ROLLGATE`,
  );
  return `nginx=$(command -v ${quote(command)})
changed=""
replace() {
  if [ -e "$1" ] && ! grep -qxF ${quote(unitMark(directory))} "$1"; then
    echo "expected no unit of another program or stack, got $1" >&2
    exit 1
  fi
  sed "s|@nginx@|$nginx|" > "$1.rollgate"
  if cmp -s "$1.rollgate" "$1"; then rm "$1.rollgate"; return 0; fi
  chmod "$2" "$1.rollgate"
  mv "$1.rollgate" "$1"
  changed=yes
}
${writes.join("\n")}
if [ -n "$changed" ]; then systemctl daemon-reload; fi
systemctl --quiet enable ${enabled}.service`;
}

/** Allows exactly the commands of a roll, without wildcards. */
function sudoers(deployer: string, { rights, enabled }: Parts): string {
  if (deployer === "root") return "";
  const file = quote(`/etc/sudoers.d/${enabled}`);
  return `cat > ${file}.rollgate <<'ROLLGATE'
# Written by rollgate: what a roll needs.
${rights.map((command) => `${deployer} ALL=(root) NOPASSWD: ${command}\n`).join("")}ROLLGATE
chmod 0440 ${file}.rollgate
visudo -c -q -f ${file}.rollgate
mv ${file}.rollgate ${file}
`;
}
