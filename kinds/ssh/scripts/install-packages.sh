# After look-for-tools.sh. Installs $packages; $UNWANTED is a service that Debian starts with $PACKAGE, if not empty.
install_packages() {
  [ -n "$packages" ] || return 0
  export DEBIAN_FRONTEND=noninteractive
  # On a new server, another apt may be running. apt has no option to wait for the lock of its lists, only for packages.
  tries=60
  until apt-get -q -y update >/dev/null; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || exit 1
    sleep 5
  done
  # shellcheck disable=SC2086 # One word for each package.
  apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $packages >/dev/null
  # Some images don't start installed services.
  case " $packages " in *" dbus "*) systemctl start dbus.socket ;; esac
  if [ -n "$UNWANTED" ]; then
    case " $packages " in *" $PACKAGE "*) systemctl disable --now "$UNWANTED" 2>/dev/null || : ;; esac
  fi
  installed=$packages
  look
  if [ -n "$lacking$packages" ]; then
    echo "expected the commands of$packages, found none after installing$installed" >&2
    exit 1
  fi
}
