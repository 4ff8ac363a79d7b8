# After look-at-process.sh and one of the scripts that set pids: a line for each process, and one that tells when it began.
# shellcheck disable=SC2154 # Set by the scripts before.
for pid in $pids; do
  if show "$pid" && look_at "$pid"; then echo "began $pid $began"; fi
done
exit 0
