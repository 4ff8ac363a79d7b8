# $1 the folder of leases, $2 the generation, $3 a name for a temporary file, $4 the record. The record is linked into
# place once it is complete: nobody can read half of it, and the link fails if the generation is taken. If it holds this
# very record, an earlier run of this script made it and its connection broke. Exits with 45 when it is taken.
set -e
[ -d "$1" ] || mkdir -p "$1"
trap 'rm -f "$1/.$3"' EXIT
cat > "$1/.$3" << END
$4
END
words=$(ln "$1/.$3" "$1/$2.json" 2>&1) && exit 0
if cmp -s "$1/.$3" "$1/$2.json"; then exit 0; fi
if [ -e "$1/$2.json" ]; then exit 45; fi
printf '%s\n' "$words" >&2
exit 1
