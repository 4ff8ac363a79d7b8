# After a script that sets pids. Prints how much memory is left for another process like the first of them, and the most
# that this one has needed, both in KiB; nothing if there is none or that is hidden.
# least_room <folder> <file with the limit> <file with the usage> <name of the page cache in memory.stat>: lowers $room to
# what the limits of this control group and of those above it leave. Page cache can be reclaimed.
least_room() {
  group=$1
  while :; do
    limit=max
    { read -r limit < "$group/$2" && read -r used < "$group/$3"; } 2>/dev/null || limit=max
    # Without a limit, version 1 has a number with 19 digits.
    case $limit in max | ???????????????????*) limit="" ;; esac
    if [ -n "$limit" ]; then
      cache=$(sed -n "s/^$4 //p" "$group/memory.stat" 2>/dev/null)
      left=$(((limit - used + ${cache:-0}) / 1024))
      if [ "$left" -lt "$room" ]; then room=$left; fi
    fi
    case $group in /sys/fs/cgroup | /sys/fs/cgroup/memory) return 0 ;; esac
    group=${group%/*}
  done
}
# shellcheck disable=SC2154 # Set by the script before.
for pid in $pids; do
  needed=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$pid/status" 2>/dev/null)
  room=$(sed -n 's/^MemAvailable:[^0-9]*\([0-9]*\) kB$/\1/p' /proc/meminfo 2>/dev/null)
  if [ -z "$needed" ] || [ -z "$room" ]; then break; fi
  # hierarchy:controllers:path, as in cgroups(7).
  while IFS=: read -r _ controllers path; do
    case $controllers in
      "") least_room "/sys/fs/cgroup${path%/}" memory.max memory.current inactive_file ;;
      memory) least_room "/sys/fs/cgroup/memory${path%/}" memory.limit_in_bytes memory.usage_in_bytes total_inactive_file ;;
    esac
  done < "/proc/$pid/cgroup"
  echo "$room $needed"
  break
done 2>/dev/null
exit 0
