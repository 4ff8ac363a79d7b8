# After pids and listening were set. Prints a line for each process and, after an empty line, their sockets, or the account
# of a process whose sockets are hidden from this one, and what listens on this machine.
# shellcheck disable=SC2154 # Set before.
for pid in $pids; do show "$pid"; done
echo
for pid in $pids; do
  held=$(ls -l "/proc/$pid/fd" 2>/dev/null)
  if [ -n "$held" ]; then
    printf '%s\n' "$held" | sed -n 's/.*socket:\[\([0-9]*\)\]$/inode \1/p'
  else
    stat -c 'uid %u' "/proc/$pid" 2>/dev/null
  fi
done
printf '%s\n' "$listening"
