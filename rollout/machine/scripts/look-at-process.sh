# look_at <pid>: sets state, threads and began (the start time) of a process, as in proc(5); fails if there is none. Forks
# nothing.
look_at() {
  { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
  # The command is in parentheses and may contain anything.
  # shellcheck disable=SC2086 # Fields are separated by spaces.
  set -- ${stat##*) }
  # shellcheck disable=SC2034 # For the scripts that come after it.
  state=$1 threads=${18} began=${20}
}
