# After newest.sh. $1 the folder of leases, $2 the generation, $3 a name for a temporary file, $4 the record. If the
# generation is still the newest, replaces its record and prints held, or stop if someone asks the owner to stop.
# Otherwise prints the newest generation and its record.
set -e
newest_in "$1"
# shellcheck disable=SC2154 # Set by newest_in.
if [ "$newest" != "$2" ]; then
  print_newest "$1"
  exit 0
fi
trap 'rm -f "$1/.$3"' EXIT
cat > "$1/.$3" << END
$4
END
mv "$1/.$3" "$1/$2.json"
trap - EXIT
if [ -e "$1/stop" ]; then echo stop; else echo held; fi
