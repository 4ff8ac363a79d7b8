# After one of the scripts that set pids: a line for each.
# shellcheck disable=SC2154 # Set by the script before.
for pid in $pids; do show "$pid"; done
exit 0
