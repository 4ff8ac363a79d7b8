# Functions that find out what a server lacks. They read $COMMAND, $PACKAGE, $SETTINGS, $DEPLOYER, $RIGHTS, $INCLUDING and $ACCOUNT, which
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
  if [ -n "$RIGHTS" ]; then
    [ -d /run/systemd/system ] || lack "systemd (or set sshSupervisor to process)"
  fi
  if [ -n "$INCLUDING" ] && [ ! -d "${INCLUDING%/*}" ]; then lack "${INCLUDING%/*}, whose files nginx includes"; fi
  if [ -n "$RIGHTS" ] && [ "$DEPLOYER" != root ]; then
    has visudo || lack_or_install sudo sudo
    [ -S /run/dbus/system_bus_socket ] || lack_or_install dbus dbus
  fi
  has "$COMMAND" || lack_or_install "$COMMAND ($SETTINGS)" "$PACKAGE"
}
# Prints the certificate, which is public. Whether the key belongs to it is for nginx to say, which may not be installed yet.
look_at_certificate() {
  for file in "$CERTIFICATE" "$CERTIFICATE_KEY"; do
    if [ ! -f "$file" ]; then
      echo "expected a file on nginx's server, found no $file" >&2
      exit 1
    fi
  done
  if has "$COMMAND"; then
    work=$(mktemp -d)
    reason=$(take_certificate "$CERTIFICATE" "$CERTIFICATE_KEY" "$work" "$(command -v "$COMMAND")" 2>&1) || failed=yes
    rm -rf "$work"
    if [ -n "${failed:-}" ]; then
      printf '%s\n' "$reason" >&2
      exit 1
    fi
  fi
  cat "$CERTIFICATE"
}
