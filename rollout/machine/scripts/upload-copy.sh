# $1 the folder of releases, $2 the file that takes a jar in, $3 the jar, on this machine; without copying where the file
# system can do that.
umask 022
mkdir -p "$1" || exit 1
cp --reflink=auto -- "$3" "$2" 2>/dev/null || cp -- "$3" "$2" || { rm -f "$2"; exit 1; }
# What it was is not what it is to be here.
chmod 600 "$2"
