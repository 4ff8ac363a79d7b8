# After is-seen.sh. $3 the pid of the process seen last, or 0; $4 its start time. Prints same if it is still running.
if is_seen "$3" "$4"; then
  echo same
  exit 0
fi
