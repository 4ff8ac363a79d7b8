# $1 a directory, $2 a file in it. Exits with 44 if there is none.
[ -f "$1/$2" ] || exit 44
cat "$1/$2"
