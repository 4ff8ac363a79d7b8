# $1 the folder of leases, $2 the generation, $3 a word of its own, $4 the bytes of the record: an input that was cut off
# is none. A link is made from a whole file, so that nobody can read half a record, and fails if the name is taken; one
# that holds this very record was made by a run of this script whose connection broke. Exits with 45 when it is taken.
set -e
mkdir -p "$1"
trap 'rm -f "$1/.$3"' EXIT
cat > "$1/.$3"
[ "$(wc -c < "$1/.$3")" -eq "$4" ]
words=$(ln "$1/.$3" "$1/$2.json" 2>&1) && exit 0
if cmp -s "$1/.$3" "$1/$2.json"; then exit 0; fi
if [ -e "$1/$2.json" ]; then exit 45; fi
printf '%s\n' "$words" >&2
exit 1
