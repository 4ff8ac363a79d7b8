# $1 a directory, $2 a suffix for temporary files, then the name, the umask and the size of each file, which standard input has
# one after the other, and then a line that is the suffix; names have no spaces. A folder that is missing gets the umask of
# its file. Truncated input is rejected, before any file is replaced.
set -e
[ -d "$1" ] || (umask "$4" && mkdir -p "$1")
cd "$1"
suffix=$2 names="" new=""
shift 2
# shellcheck disable=SC2086 # A list.
trap 'rm -f $new' EXIT
while [ $# -gt 0 ]; do
  umask "$2"
  case $1 in */*) [ -d "${1%/*}" ] || mkdir -p "${1%/*}" ;; esac
  names="$names $1" new="$new $1.$suffix"
  # Reads no byte of the next file.
  dd bs=1 count="$3" status=none > "$1.$suffix"
  shift 3
done
end=""
if ! IFS= read -r end || [ "$end" != "$suffix" ]; then
  echo "${names# } arrived incomplete" >&2
  exit 1
fi
for name in $names; do mv "$name.$suffix" "$name"; done
trap - EXIT
