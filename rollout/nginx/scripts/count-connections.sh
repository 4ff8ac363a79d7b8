# After find-master.sh. $1 nginx's folder, $2 the pid that its master had when it was last seen, $3 the end to count
# connections to, as the kernel's tables have it. Prints how many of its sockets may carry a request there, and the pid
# of its master. Not a socket that only tries to connect (02), waits to expire (06), listens (0A) or was closed (inode 0).
prefix=$1 master=$2
shift 2
# A busy machine has thousands of sockets, and nginx connects to an IPv4 address from one.
case $1 in
  ????????:*) table=/proc/net/tcp ;;
  *) table=/proc/net/tcp6 ;;
esac
found=$(awk -v end="$1" '
  $3 == end && $4 != "02" && $4 != "06" && $4 != "0A" && $10 != "0" { print $10, $8 }' $table)
if [ -z "$found" ]; then
  echo "0 $master"
  exit 0
fi
is_master "$master" "$prefix" || master=$(find_master "$prefix")
folders="" accounts="" sockets=""
for pid in $master ${master:+$(children_of "$master")}; do
  # Root in a container may list the files of another account's process, but not see what they are.
  if readlink "/proc/$pid/fd/0" >/dev/null 2>&1; then
    folders="$folders /proc/$pid/fd"
  else
    accounts="$accounts $(stat -c %u "/proc/$pid" 2>/dev/null)"
  fi
done
# shellcheck disable=SC2086,SC2012 # Several folders, and the names in them are numbers.
if [ -n "$folders" ]; then sockets=$(ls -l $folders 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p'); fi
# By account where its files cannot be seen; of an nginx that cannot be seen at all, each may be one.
# shellcheck disable=SC2086,SC2116 # On one line.
printf '%s\n' "$found" | awk -v master="$master" -v sockets=" $(echo $sockets) " -v accounts="$accounts " '
  master == "" || index(sockets, " " $1 " ") || index(accounts, " " $2 " ") { count++ }
  END { print count + 0, master }'
