# look_at <pid>: sets state, threads and began of a process, as in proc(5); fails if there is none. Starts no process.
look_at() {
  { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
  # The command is in parentheses and may hold anything.
  # shellcheck disable=SC2086 # Fields are separated by spaces.
  set -- ${stat##*) }
  # shellcheck disable=SC2034 # For the scripts that come after it.
  state=$1 threads=${18} began=${20}
}
