# After take-classes.sh. $1 the directory of a host, $2 the name of an archive of classes, $3 its SHA-256, $4 a suffix for
# temporary files. Reads the archive, compressed, from standard input.
cd "$1/dependencies" || exit 1
new="${2%/*}/.${2##*/}.$4"
trap 'rm -f "$new"' EXIT
umask 077
gzip -dc > "$new" || exit 1
take_classes "$new" "$2" "$3"
