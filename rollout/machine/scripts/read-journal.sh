# After with-rights.sh. $1 bytes and $2 lines to print at most, then the command that reads the journal. What a service
# wrote arrives there a moment later, and after a flood seconds later: waits until nothing is added.
bytes=$1 lines=$2
shift 2
journal=$(with_rights "$@") || exit 1
for _ in 1 2 3 4 5 6 7 8 9 10; do
  before=$journal
  sleep 0.3
  journal=$(with_rights "$@") || exit 1
  if [ "$journal" = "$before" ]; then break; fi
done
printf '%s\n' "$journal" | tail -c "$bytes" | tail -n "$lines"
