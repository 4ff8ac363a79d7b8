# Runs a command directly as root, or through sudo without a prompt otherwise.
with_rights() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
