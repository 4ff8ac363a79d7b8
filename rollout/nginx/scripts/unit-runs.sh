# $1 a unit. Prints its process if that is an nginx master that has bound its ports, which is when it takes that title.
# A unit that keeps crashing has a process most of the time too.
main_pid() {
  systemctl show --property MainPID --value "$1.service"
}
title_of() {
  tr '\000' ' ' 2>/dev/null < "/proc/$1/cmdline"
}
pid=$(main_pid "$1")
[ "$pid" -gt 0 ] || exit 0
title=$(title_of "$pid" 2>/dev/null)
if [ -z "$title" ]; then
  # It has just ended, or is hidden from this account: then systemd still names it, and it counts as a master.
  sleep 0.3
  [ "$(main_pid "$1")" = "$pid" ] || exit 0
  title=$(title_of "$pid" 2>/dev/null) || title="nginx: master process "
fi
case "$title" in "nginx: master process "*) echo "$pid" ;; esac
