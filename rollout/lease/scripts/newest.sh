# $1 the folder of leases. Prints the newest generation and its record.
cd "$1" 2>/dev/null || exit 0
# shellcheck disable=SC2012 # The names are numbers.
while newest=$(ls | sed -n 's/^\([0-9][0-9]*\)\.json$/\1/p' | sort -n | tail -n 1) && [ -n "$newest" ]; do
  # Forgotten by a newer owner between the two looks: look again.
  if record=$(cat "$newest.json" 2>/dev/null); then
    printf '%s %s\n' "$newest" "$record"
    exit 0
  fi
done
