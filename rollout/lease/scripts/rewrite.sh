# $1 the folder of leases, $2 the generation, $3 a word of its own, $4 the bytes of the record.
set -e
trap 'rm -f "$1/.$3"' EXIT
cat > "$1/.$3"
[ "$(wc -c < "$1/.$3")" -eq "$4" ]
mv "$1/.$3" "$1/$2.json"
