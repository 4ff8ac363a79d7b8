# After lock-nginx.sh. Other stacks may have their parts in an nginx of ours, and test them while they are not to be read.
# lock_shared <folder>: locks nginx if that is so.
is_shared=""
lock_shared() {
  for file in "$1"/conf.d/rollgate*.conf; do
    if [ -e "$file" ]; then is_shared=yes; fi
  done
  if [ -n "$is_shared" ]; then lock_nginx "$1/conf.d"; fi
}

# await_workers <master> <pids of its children before a reload>: keeps the lock until nginx has read its files.
await_workers() {
  tries=40
  while [ -n "$is_shared" ] && [ $tries -gt 0 ]; do
    has_new "$1" "$2" && return 0
    tries=$((tries - 1))
    sleep 0.05
  done
  return 0
}

has_new() {
  for child in $(children_of "$1"); do
    case " $(printf %s "$2" | tr '\n' ' ') " in *" $child "*) ;; *) return 0 ;; esac
  done
  return 1
}
