# look_at_clock: sets now, in hundredths of a second since the machine started, without a process.
look_at_clock() {
  read -r up _ < /proc/uptime
  # shellcheck disable=SC2034 # For the scripts that come after it.
  now=${up%.*}${up#*.}
}
