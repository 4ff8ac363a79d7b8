# After a script that sets pids and before print-listening.sh. Prints a line for each process and, after an empty line,
# their sockets and accounts.
# shellcheck disable=SC2154 # Set by the script before.
for pid in $pids; do show "$pid"; done
echo
for pid in $pids; do
  # shellcheck disable=SC2012 # The names are numbers.
  ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\]$/inode \1/p'
  stat -c 'uid %u' "/proc/$pid" 2>/dev/null
done
