# $1 a directory, $2 a file in it, $3 the umask for its folder and itself, $4 a suffix for the temporary file, $5 the
# expected size: truncated input is rejected. Readers see the old file or the new one.
set -e
umask "$3"
file="$1/$2"
trap 'rm -f "$file.$4"' EXIT
[ -d "${file%/*}" ] || mkdir -p "${file%/*}"
cat > "$file.$4"
[ "$(wc -c < "$file.$4")" -eq "$5" ] || { echo "$2 arrived incomplete" >&2; exit 1; }
mv "$file.$4" "$file"
trap - EXIT
