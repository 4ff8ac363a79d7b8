# $1 the folder of releases, $2 the file to copy to, $3 the jar on this machine, $4 its size. Uses copy-on-write where the
# file system supports it, which takes no room.
umask 022
mkdir -p "$1" || exit 1
if ! cp --reflink=always -- "$3" "$2" 2>/dev/null; then
  require_space "$1" "$4" || { rm -f "$2"; exit 1; }
  cp -- "$3" "$2" || { rm -f "$2"; exit 1; }
fi
# The mode of the source does not matter here.
chmod 600 "$2"
