# $1 the boot and pid namespace of the owner, $2 its pid, $3 its start time. Prints yes if it has ended; nothing if that
# is unknown: on another machine, in another container, or if this account may not see other accounts' processes.
here="$(cat /proc/sys/kernel/random/boot_id) $(readlink /proc/self/ns/pid)"
[ "$here" = "$1" ] || exit 0
{ read -r _ < /proc/1/stat; } 2>/dev/null || exit 0
if { stat=$(cat "/proc/$2/stat"); } 2>/dev/null; then
  # The command is in parentheses and may contain anything.
  # shellcheck disable=SC2086 # Split into fields.
  set -- "$3" ${stat##*) }
  [ "$2" != Z ] && [ "$2" != X ] && [ "${21}" = "$1" ] && exit 0
elif [ -e "/proc/$2" ]; then
  exit 0
fi
echo yes
