# newest_in <folder>: sets newest to the newest generation in a folder of leases, or to 0. Every step of a roll asks for
# it, so nothing here starts a process.
newest_in() {
  newest=0
  for file in "$1"/[0-9]*.json; do
    generation=${file##*/}
    generation=${generation%.json}
    case $generation in *[!0-9]*) continue ;; esac
    if [ "$generation" -gt "$newest" ]; then newest=$generation; fi
  done
}

# print_newest <folder>: prints the newest generation and its record; nothing if there is none.
print_newest() {
  while newest_in "$1" && [ "$newest" != 0 ]; do
    record=""
    # A record has no line break, so read reports the end of the file.
    { IFS= read -r record < "$1/$newest.json" || [ -n "$record" ]; } 2>/dev/null && break
    # A newer owner removed it between the two looks: look again.
    if [ -e "$1/$newest.json" ]; then
      echo "cannot read $1/$newest.json" >&2
      exit 1
    fi
  done
  if [ "$newest" != 0 ]; then printf '%s %s\n' "$newest" "$record"; fi
}
