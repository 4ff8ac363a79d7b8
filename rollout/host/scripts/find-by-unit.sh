# $1 a systemd unit, without .service. Sets pids to its main process, if it has one.
main_pid() {
  systemctl show --property MainPID --value "$1.service"
}
pids=$(main_pid "$1") || exit 1
if [ "$pids" = 0 ]; then pids=""; fi
for pid in $pids; do
  show "$pid" > /dev/null && continue
  # It has either just ended or is hidden, in which case systemd still names it.
  sleep 0.2
  if [ "$(main_pid "$1")" = "$pid" ]; then
    echo "cannot see process $pid of $1: /proc is closed to this account (hidepid)" >&2
    exit 1
  fi
done
