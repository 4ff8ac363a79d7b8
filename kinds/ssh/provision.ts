import { dirname } from "node:path";
import { quote } from "#rollout/machine/quote.ts";
import { journalCommand, systemctlCommand } from "#rollout/machine/rights.ts";
import { testUnit } from "#rollout/nginx/systemdNginx.ts";
import { type Folders, makeFolders } from "./makeFolders.ts";
import { type Removable, removePlace } from "./removePlace.ts";
import { installPackages, requirements } from "./requirements.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";
import { hostUnit, nginxTestUnit, nginxUnit, unitMark } from "./units.ts";

/** What provisioning needs to know beside a descriptor. */
export interface ProvisionOptions {
  /** The account that logs in for a roll. */
  readonly deployer: string;
  /** The account that the service runs as; made if it is not there. */
  readonly account: string;
  readonly graceSeconds: number;
  /** The command that has to be there, and the Debian package that brings it when it is not; empty for none. */
  readonly command: string;
  readonly package: string;
}

/** What a script of here does: `check` names all that the server lacks and changes nothing. */
export type ProvisionAction = "check" | "install" | "remove";

/** Runs a script of here, which comes as standard input, as root; without systemd also as anybody. */
export function provisionCommand(
  action: ProvisionAction,
  supervisor: SshHostDescriptor["supervisor"],
): string {
  const otherwise =
    supervisor === "process"
      ? `exec sh -s -- ${action}`
      : `echo "expected root, or an account that sudo lets do anything without a password, got $(id -un): set sshProvisionUser" >&2; exit 1`;
  return `if [ "$(id -u)" = 0 ]; then exec sh -s -- ${action}; fi
if sudo -n sh -c : 2>/dev/null; then exec sudo -n sh -s -- ${action}; fi
${otherwise}`;
}

const NGINX_STOP_SECONDS = 30;
/** The default place of all stacks on a server. */
const SHARED = "/srv/rollgate";

/** Makes a server ready for one app host, or removes what was made for it; run again, it changes nothing. */
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

/** Makes a server ready for nginx, or removes what was made for it; run again, it changes nothing. */
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
    // Debian starts the nginx that it installs, with a site of its own.
    afterInstalling: "systemctl disable --now nginx.service 2>/dev/null || :",
  });
}

interface Parts extends Folders, Removable {
  /** Everything that a roll does as root. */
  readonly rights: readonly string[];
  readonly afterInstalling: string;
  /** The settings that say which command has to be there. */
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
  return `# Written by rollgate: makes a server ready, or removes what was made. Run as root, or where nothing needs it, as anybody.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# One at a time: accounts and packages are the server's. A folder is locked, so that no file is left behind.
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

/** A unit is replaced only when it differs; what runs goes on as it was started. */
function units({ units: texts, enabled }: Parts, directory: string, command: string): string {
  const writes = Object.entries(texts).map(
    ([unit, text]) => `replace ${quote(`/etc/systemd/system/${unit}.service`)} 0644 <<'ROLLGATE'
${text}ROLLGATE`,
  );
  return `nginx=$(command -v ${quote(command)})
changed=""
replace() {
  if [ -e "$1" ] && ! grep -qxF ${quote(unitMark(directory))} "$1"; then
    echo "expected no unit of somebody else, got $1" >&2
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

/** Exactly the commands of a roll, and none with a wildcard. */
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
