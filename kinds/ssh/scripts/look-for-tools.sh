# Functions that find out what a server lacks. They read $COMMAND, $PACKAGE, $SETTINGS, $DEPLOYER and $ACCOUNT, which
# is empty without systemd.
lack() { lacking="$lacking${lacking:+, }$1"; }
has() { command -v "$1" >/dev/null 2>&1; }
# lack_or_install <what> <package>
lack_or_install() {
  if [ -n "$2" ] && [ "$(id -u)" = 0 ] && has apt-get; then packages="$packages $2"; else lack "$1"; fi
}
# Puts what apt can install into $packages, and everything else that is missing into $lacking.
look() {
  lacking="" packages=""
  for tool in awk chown cmp flock grep sed sha256sum stat timeout ${ACCOUNT:+useradd}; do
    has "$tool" || lack "$tool"
  done
  if [ -n "$ACCOUNT" ]; then
    [ -d /run/systemd/system ] || lack "systemd (or set sshSupervisor to process)"
  fi
  if [ -n "$ACCOUNT" ] && [ "$DEPLOYER" != root ]; then
    has visudo || lack_or_install sudo sudo
    [ -S /run/dbus/system_bus_socket ] || lack_or_install dbus dbus
  fi
  has "$COMMAND" || lack_or_install "$COMMAND ($SETTINGS)" "$PACKAGE"
}
