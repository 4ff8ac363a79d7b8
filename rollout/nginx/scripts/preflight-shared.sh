# After with-rights.sh, find-master.sh and shared-nginx.sh. $1 nginx's pid file or prefix, $2 its executable, $3 unit or
# signal, $4 the folder that its http block includes. Refuses what this account may not do.
where=$1 executable=$2 means=$3 folder=$4
if [ ! -d "$folder" ]; then
  echo "expected a folder whose files nginx includes, found none: $folder" >&2
  exit 1
fi
[ "$(id -u)" != 0 ] || exit 0
if [ "$means" = unit ]; then
  for command in "$executable -t -q" "/usr/bin/systemctl reload nginx.service"; do
    # shellcheck disable=SC2086 # Split into the command and its arguments.
    if sudo -n -l $command >/dev/null 2>&1; then continue; fi
    echo "$(id -un) may not run $command with sudo: the server is not set up" >&2
    exit 1
  done
elif ! kill -0 "$(find_master "$where")" 2>/dev/null; then
  echo "expected an nginx that $(id -un) may signal, got one of $(ps -o user= -p "$(find_master "$where")" 2>/dev/null || echo another account)" >&2
  exit 1
fi
