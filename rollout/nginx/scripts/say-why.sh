# After reason-in.sh and a failed command of nginx, with its output in words.
# shellcheck disable=SC2154 # Set by the script before.
reason_in "$words" >&2
exit 1
