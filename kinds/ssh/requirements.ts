import { quote } from "#rollout/machine/quote.ts";

/** What a server must have or be able to install. */
export interface Requirements {
  /** The service's command, and the Debian package that contains it; empty for none. */
  readonly command: string;
  readonly package: string;
  /** The settings for these two. */
  readonly settings: string;
  /** The account that deploys; unless it is root, it needs sudo, and D-Bus to talk to systemd. */
  readonly deployer: string;
  readonly withSystemd: boolean;
}

const TOOLS = ["awk", "chown", "cmp", "flock", "grep", "sed", "sha256sum", "stat", "timeout"];

/**
 * Shell code that fails with one line that lists everything the server lacks, before anything is changed. What apt can
 * install goes into `$packages` instead.
 */
export function requirements({
  command,
  package: own,
  settings,
  deployer,
  withSystemd,
}: Requirements): string {
  const tools = withSystemd ? [...TOOLS, "useradd"] : TOOLS;
  const isRoot = deployer === "root";
  return `lack() { lacking="$lacking\${lacking:+, }$1"; }
has() { command -v "$1" >/dev/null 2>&1; }
# lack_or_install <what> <package>
lack_or_install() {
  if [ -n "$2" ] && [ "$(id -u)" = 0 ] && has apt-get; then packages="$packages $2"; else lack "$1"; fi
}
look() {
  lacking="" packages=""
  for tool in ${tools.join(" ")}; do has "$tool" || lack "$tool"; done
${withSystemd ? `  [ -d /run/systemd/system ] || lack "systemd (or set sshSupervisor to process)"` : ""}
${withSystemd && !isRoot ? `  has visudo || lack_or_install sudo sudo\n  [ -S /run/dbus/system_bus_socket ] || lack_or_install dbus dbus` : ""}
  has ${quote(command)} || lack_or_install ${quote(`${command} (${settings})`)} ${quote(own)}
}
look
if [ -n "$lacking" ]; then echo "expected $lacking, found none" >&2; exit 1; fi`;
}

/** Shell code that installs `$packages`, then runs `afterInstalling` if the service's package was one of them. */
export function installPackages(own: string, afterInstalling: string): string {
  const forService = afterInstalling && own ? ` *" ${own} "*) ${afterInstalling} ;;` : "";
  return `if [ -n "$packages" ]; then
  export DEBIAN_FRONTEND=noninteractive
  # On a new server, another apt may be running. apt has no option to wait for the lock of its lists, only for packages.
  tries=60
  until apt-get -q -y update >/dev/null; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || exit 1
    sleep 5
  done
  apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $packages >/dev/null
  # Some images don't start installed services.
  case " $packages " in *" dbus "*) systemctl start dbus.socket ;; esac
  case " $packages " in${forService} *) ;; esac
  installed=$packages
  look
  if [ -n "$lacking$packages" ]; then echo "expected the commands of$packages, found none after installing$installed" >&2; exit 1; fi
fi`;
}
