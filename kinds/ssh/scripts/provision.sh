# After the other scripts of this folder. $1 check, install or remove. Runs as root, or without systemd as any account.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# One at a time, since hosts on a server share accounts and packages. Locks a folder, so that no lock file is left behind.
lock() {
  if [ "$(id -u)" = 0 ]; then exec 9<~root; else exec 9<"$HOME"; fi
  flock -w 600 9
}
if [ "$1" = remove ]; then
  lock
  remove_place
  exit 0
fi
look
if [ -n "$lacking" ]; then
  echo "expected $lacking, found none" >&2
  exit 1
fi
if [ -n "$CERTIFICATE" ]; then look_at_certificate; fi
[ "$1" = install ] || exit 0
lock
install_packages
if [ -n "$ACCOUNT" ]; then make_account; fi
make_folders
if [ -n "$ACCOUNT" ]; then write_units; fi
if [ -n "$ACCOUNT" ] && [ -n "$COPIER" ]; then keep_certificate; fi
if [ -n "$RIGHTS" ]; then allow_commands; fi
if [ -n "$INCLUDING" ]; then write_including; fi
