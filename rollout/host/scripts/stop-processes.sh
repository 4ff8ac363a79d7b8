# After look-at-clock.sh, look-at-process.sh and find-by-releases.sh. $3 the grace period, $4 how long SIGKILL may take, both
# in hundredths of a second. The start time distinguishes a process from a later one with the same pid.
grace=$3 patience=$4

# Whether it still exists. The first thread of a process may have ended while others still hold its sockets.
# shellcheck disable=SC2154 # Set by look_at.
alive() {
  look_at "$1" && [ "$began" = "$2" ] && [ "$state" != X ] && { [ "$state" != Z ] || [ "$threads" -gt 1 ]; }
}
all_gone() {
  look_at_clock
  # shellcheck disable=SC2154 # Set by look_at_clock.
  until=$((now + $1))
  shift
  while :; do
    left=""
    for pair; do if alive "${pair%:*}" "${pair#*:}"; then left="$left $pair"; fi; done
    [ -n "$left" ] || return 0
    look_at_clock
    [ "$now" -lt "$until" ] || return 1
    sleep 0.01
  done
}

set --
# shellcheck disable=SC2154 # Set by the script before.
for pid in $pids; do if look_at "$pid"; then set -- "$@" "$pid:$began"; fi; done
[ $# -gt 0 ] || exit 0
for pair; do if alive "${pair%:*}" "${pair#*:}"; then kill -TERM "${pair%:*}" 2>/dev/null; fi; done
if all_gone "$grace" "$@"; then exit 0; fi
for pair in $left; do kill -KILL "${pair%:*}" 2>/dev/null; done
if all_gone "$patience" "$@"; then
  echo killed
  exit 0
fi
for pair in $left; do gone="$gone ${pair%:*}"; done
echo "pid$gone survived SIGKILL" >&2
exit 1
