# $1 the directory of a host; $2, … relative paths, which go, and so does everything that an interrupted staging left.
cd "$1" || exit 1
shift
if [ $# -gt 0 ]; then rm -rf -- "$@"; fi
rm -rf releases/.[!.]*
