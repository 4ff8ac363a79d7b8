# $1 a systemd unit, $2 the file with its rights in /etc/sudoers.d, then every command that a roll runs for it, each as one
# argument.
if [ ! -d /run/systemd/system ]; then
  echo "expected systemd, found none: set sshSupervisor to process" >&2
  exit 1
fi
unit=$1 rules=$2
shift 2
if [ "$(systemctl show --property LoadState --value "$unit.service")" != loaded ]; then
  echo "expected the unit $unit.service, found none: the server is not set up" >&2
  exit 1
fi
[ "$(id -u)" != 0 ] || exit 0
for command in "$@"; do
  # shellcheck disable=SC2086 # Split into the command and its arguments.
  if sudo -n -l $command >/dev/null 2>&1; then continue; fi
  echo "$(id -un) may not run $command with sudo: expected the rules in /etc/sudoers.d/$rules" >&2
  exit 1
done
