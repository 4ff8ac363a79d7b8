# After a failed command of nginx, with its output in words: prints the line that says why.
# shellcheck disable=SC2154 # Set by the script before.
reason=$(printf '%s\n' "$words" | grep -m 1 emerg) || reason=$(printf '%s\n' "$words" | tail -n 1)
printf '%s\n' "$reason" >&2
exit 1
