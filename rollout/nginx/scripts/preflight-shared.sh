# After with-rights.sh, find-master.sh and shared-nginx.sh. $1 nginx's pid file or prefix, $2 its executable, $3 signal,
# unit or stack, $4 the folder that its http block includes, $5 ours. Refuses what this account may not do.
where=$1 executable=$2 means=$3 folder=$4 here=$5
if [ ! -d "$folder" ]; then
  echo "expected a folder whose files nginx includes, found none: $folder" >&2
  exit 1
fi
# Workers look for flag files there at every request.
require_readable() {
  for worker in $(children_of "$(find_master "$where")"); do
    account=$(stat -c %u "/proc/$worker" 2>/dev/null) || continue
    if [ "$account" = 0 ]; then continue; fi
    parent=$here
    while [ "$parent" != / ]; do
      # shellcheck disable=SC2046 # Two words.
      set -- $(stat -c '%A %u' "$parent" 2>/dev/null)
      case "$1:$2" in
        *[xst]:* | : | *:"$account") ;;
        *)
          echo "expected a folder that nginx's workers can read, got $parent, which is closed to others: set directory to another one" >&2
          exit 1
          ;;
      esac
      parent=$(dirname "$parent")
    done
  done
}
require_readable
[ "$(id -u)" != 0 ] || exit 0
require_right() {
  # shellcheck disable=SC2086 # Split into the command and its arguments.
  if sudo -n -l $1 >/dev/null 2>&1; then return 0; fi
  echo "$(id -un) may not run $1 with sudo: $2" >&2
  exit 1
}
if [ "$means" = unit ]; then
  require_right "$executable -t -q" "the server is not set up"
  require_right "/usr/bin/systemctl reload nginx.service" "the server is not set up"
elif [ "$means" = stack ]; then
  unit=$(unit_of_stack)
  require_right "/usr/bin/systemctl start $unit-test.service" "expected the account that deploys the stack in $where"
  require_right "/usr/bin/systemctl reload $unit.service" "expected the account that deploys the stack in $where"
elif ! kill -0 "$(find_master "$where")" 2>/dev/null; then
  echo "expected an nginx that $(id -un) may signal, got one of $(ps -o user= -p "$(find_master "$where")" 2>/dev/null || echo another account)" >&2
  exit 1
fi
