# rotate_log <nginx's folder>: replaces the access log by an empty file once it is long. The folder's file rotation has how
# many megabytes that is, how many old logs stay, the pid file of nginx, and the log.
rotate_log() {
  { read -r megabytes && read -r keep && read -r pid_file && read -r log; } 2>/dev/null < "$1/rotation" || return 0
  size=$(stat -c %s "$log" 2>/dev/null) || return 0
  [ "$size" -ge $((megabytes * 1048576)) ] || return 0
  master=$(cat "$pid_file" 2>/dev/null) || return 0
  # There are more if fewer are to stay than before.
  number=$keep
  while [ -e "$log.$number" ]; do
    rm -f "$log.$number"
    number=$((number + 1))
  done
  number=$keep
  while [ "$number" -gt 1 ]; do
    if [ -e "$log.$((number - 1))" ]; then mv "$log.$((number - 1))" "$log.$number"; fi
    number=$((number - 1))
  done
  # nginx goes on writing to the old file until it is told to open its logs again.
  mv "$log" "$log.1" && kill -USR1 "$master"
}
