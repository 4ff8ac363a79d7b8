# $1 a directory, $2 a mark, then patterns of files in it. Prints each file that is there, after a line with the mark and its
# name, and a line break.
cd "$1" 2>/dev/null || exit 0
mark=$2
shift 2
# shellcheck disable=SC2048 # The shell fills in the patterns.
for file in $*; do
  [ -f "$file" ] || continue
  echo "$mark $file"
  cat "$file" || exit 1
  echo
done
