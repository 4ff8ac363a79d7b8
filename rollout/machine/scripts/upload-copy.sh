# $1 the folder of releases, $2 the file to copy to, $3 the jar on this machine. Uses copy-on-write where the file system
# supports it.
umask 022
mkdir -p "$1" || exit 1
cp --reflink=auto -- "$3" "$2" 2>/dev/null || cp -- "$3" "$2" || { rm -f "$2"; exit 1; }
# The mode of the source does not matter here.
chmod 600 "$2"
