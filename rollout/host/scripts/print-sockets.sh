# After one of the scripts that set pids: a line of each of those processes; then, after an empty line, the sockets that
# they hold, and their accounts. print-listening.sh comes after it.
# shellcheck disable=SC2154 # Set by the script before.
for pid in $pids; do show "$pid"; done
echo
for pid in $pids; do
  # shellcheck disable=SC2012 # The names are numbers.
  ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\]$/inode \1/p'
  stat -c 'uid %u' "/proc/$pid" 2>/dev/null
done
