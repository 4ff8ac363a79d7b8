# find_master <where>: prints the pid of an nginx once it has bound its ports; where is its prefix or its pid file. Its
# process title contains its command line.
find_master() {
  if [ -f "$1" ]; then
    pid=$(cat "$1" 2>/dev/null)
    if is_master "$pid" "$1"; then echo "$pid"; fi
    return 0
  fi
  # shellcheck disable=SC2013 # Their names are without blanks.
  for file in $(grep -laF -e " -p $1 " /proc/[0-9]*/cmdline 2>/dev/null); do
    pid=${file#/proc/}
    if is_master "${pid%/cmdline}" "$1"; then
      echo "${pid%/cmdline}"
      return 0
    fi
  done
}

# is_master <pid> <where>
is_master() {
  case "$(title_of "$1")" in
    "nginx: master process "*" -p $2 "*) return 0 ;;
    "nginx: master process "*) [ -f "$2" ] && [ "$(cat "$2" 2>/dev/null)" = "$1" ] ;;
    *) return 1 ;;
  esac
}

# title_of <pid>
title_of() {
  { tr '\000' ' ' < "/proc/${1:-0}/cmdline"; } 2>/dev/null
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
