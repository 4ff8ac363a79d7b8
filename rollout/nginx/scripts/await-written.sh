# After find-master.sh, look-at-clock.sh and look-at-process.sh. await_written <where> <hundredths of a second>: returns once
# each of nginx's workers has been seen to sleep, which it does only after all that was due, or after so long. If they can't
# be seen, after so long.
await_written() {
  look_at_clock
  # shellcheck disable=SC2154 # Set by look_at_clock.
  until=$((now + $2)) is_unseen=yes
  master=$(find_master "$1")
  left=${master:+$(children_of "$master")}
  while [ "$now" -lt "$until" ]; do
    busy=""
    for pid in $left; do
      is_unseen=""
      # shellcheck disable=SC2154 # Set by look_at.
      if look_at "$pid" && [ "$state" != S ]; then busy="$busy $pid"; fi
    done
    left=$busy
    [ -n "$left$is_unseen" ] || return 0
    sleep 0.01
    look_at_clock
  done
}
