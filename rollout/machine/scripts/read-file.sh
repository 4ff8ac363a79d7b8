# $1 a directory, $2 a file in it; 44 means that there is none.
[ -f "$1/$2" ] || exit 44
cat "$1/$2"
