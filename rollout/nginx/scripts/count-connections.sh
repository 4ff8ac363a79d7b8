# After find-master.sh. $1 nginx's prefix or pid file, $2 the last known pid of its master, $3 the remote end to count connections to, in
# the kernel's notation, $4 how often to look before giving up on there being none. Prints how many of nginx's sockets may
# carry a request there, and the pid of its master. Sockets that are still connecting (02), in TIME_WAIT (06), listening
# (0A) or closed (inode 0) do not count.
prefix=$1 master=$2 end=$3 looks=$4
# nginx reaches an IPv4 address only from IPv4 sockets, and reading the tables of a busy machine takes time.
case $end in
  ????????:*) table=/proc/net/tcp ;;
  *) table=/proc/net/tcp6 ;;
esac

# Sets folders to the fd folders of nginx's processes that can be read, and accounts to the accounts of the others.
find_nginx() {
  is_master "$master" "$prefix" || master=$(find_master "$prefix")
  folders="" accounts=""
  for pid in $master ${master:+$(children_of "$master")}; do
    # Root in a container may list another account's fd folder without being able to read its links.
    if readlink "/proc/$pid/fd/0" >/dev/null 2>&1; then
      folders="$folders /proc/$pid/fd"
    else
      accounts="$accounts $(stat -c %u "/proc/$pid" 2>/dev/null)"
    fi
  done
}

# count_found: prints how many of the sockets in found are nginx's, going by account where fds cannot be read. If nginx
# cannot be seen at all, every socket may be its own.
count_found() {
  # shellcheck disable=SC2086,SC2012 # Several folders, and the names in them are numbers.
  { [ -z "$folders" ] || ls -l $folders 2>/dev/null; } | awk -v master="$master" -v found="$found" -v accounts="$accounts " '
    match($0, /socket:\[[0-9]+\]$/) { seen[substr($0, RSTART + 8, RLENGTH - 9)] = 1 }
    END {
      count = 0
      for (i = split(found, sockets, " "); i > 0; i--) {
        split(sockets[i], socket, ":")
        if (master == "" || socket[1] in seen || index(accounts, " " socket[2] " ")) count++
      }
      print count
    }'
}

count=0 is_known=""
while :; do
  found=$(awk -v end="$end" '
    $3 == end && $4 != "02" && $4 != "06" && $4 != "0A" && $10 != "0" { printf "%s:%s ", $10, $8 }' $table)
  if [ -z "$found" ]; then count=0; break; fi
  if [ -z "$is_known" ]; then find_nginx; is_known=yes; fi
  count=$(count_found)
  looks=$((looks - 1))
  if [ "$count" = 0 ] || [ "$looks" -le 0 ]; then break; fi
  sleep 0.02
done
echo "$count $master"
