# $1 the directory of a host; $2, … the relative paths to remove.
cd "$1" || exit 1
shift
rm -rf -- "$@"
