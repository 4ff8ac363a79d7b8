# After look-at-process.sh and a script that sets pids. Prints a line for each process and one with its start time.
# shellcheck disable=SC2154 # Set by the scripts before.
for pid in $pids; do
  if show "$pid" && look_at "$pid"; then echo "began $pid $began"; fi
done
exit 0
