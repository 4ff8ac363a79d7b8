# find_master <prefix>: prints the pid of the nginx with that prefix once it has bound its ports. Its process title
# contains its command line.
find_master() {
  # shellcheck disable=SC2013 # Their names are without blanks.
  for file in $(grep -laF -e " -p $1 " /proc/[0-9]*/cmdline 2>/dev/null); do
    pid=${file#/proc/}
    if is_master "${pid%/cmdline}" "$1"; then
      echo "${pid%/cmdline}"
      return 0
    fi
  done
}

# is_master <pid> <prefix>
is_master() {
  case "$({ tr '\000' ' ' < "/proc/$1/cmdline"; } 2>/dev/null)" in
    "nginx: master process "*" -p $2 "*) return 0 ;;
    *) return 1 ;;
  esac
}

# children_of <pid>: prints their pids.
children_of() {
  children=""
  if [ -r "/proc/$1/task/$1/children" ]; then
    read -r children < "/proc/$1/task/$1/children"
    echo "$children"
  else
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{ pid = $1; sub(/.*\) /, ""); if ($2 == parent) print pid }'
  fi
}
