# After find-master.sh. $1 nginx's folder, $2 how long requests in flight may take, in seconds.
for step in "QUIT:$2" TERM:5 KILL:5; do
  master=$(find_master "$1")
  [ -n "$master" ] || exit 0
  kill "-${step%:*}" "$master" 2>/dev/null
  tries=$((${step#*:} * 20))
  while [ $tries -gt 0 ] && is_master "$master" "$1"; do
    tries=$((tries - 1))
    sleep 0.05
  done
done
[ -z "$(find_master "$1")" ] || { echo "nginx survived SIGKILL" >&2; exit 1; }
