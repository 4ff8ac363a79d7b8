# After newest.sh. $1 the folder of leases, $2 the generation, $3 a name for a temporary file, $4 the record. The record is
# linked into place once it is complete: nobody can read half of it, and the link fails if the generation is taken. Then
# older generations go, and what asked their owner to stop. If it holds this very record, an earlier run of this script
# made it and its connection broke. Exits with 45 when it is taken, or when there is a newer one.
set -e
[ -d "$1" ] || mkdir -p "$1"
newest_in "$1"
# shellcheck disable=SC2154 # Set by newest_in.
if [ "$newest" -gt "$2" ]; then exit 45; fi
trap 'rm -f "$1/.$3"' EXIT
cat > "$1/.$3" << END
$4
END
if words=$(ln "$1/.$3" "$1/$2.json" 2>&1); then
  for file in "$1"/[0-9]*.json; do
    generation=${file##*/}
    if [ "${generation%.json}" -lt "$2" ] 2>/dev/null; then rm -f "$file"; fi
  done
  rm -f "$1/stop"
  exit 0
fi
if cmp -s "$1/.$3" "$1/$2.json"; then exit 0; fi
if [ -e "$1/$2.json" ]; then exit 45; fi
printf '%s\n' "$words" >&2
exit 1
