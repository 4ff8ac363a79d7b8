# $1 where the owner's processes are seen, $2 its pid, $3 when it began. Prints yes if it has ended; nothing where that
# cannot be told: on another machine, in another container, or where this account is shown no processes of others.
here="$(cat /proc/sys/kernel/random/boot_id) $(readlink /proc/self/ns/pid)"
[ "$here" = "$1" ] || exit 0
{ read -r _ < /proc/1/stat; } 2>/dev/null || exit 0
if { stat=$(cat "/proc/$2/stat"); } 2>/dev/null; then
  # The command is in parentheses and may hold anything.
  # shellcheck disable=SC2086 # Split into fields.
  set -- "$3" ${stat##*) }
  [ "$2" != Z ] && [ "$2" != X ] && [ "${21}" = "$1" ] && exit 0
elif [ -e "/proc/$2" ]; then
  exit 0
fi
echo yes
