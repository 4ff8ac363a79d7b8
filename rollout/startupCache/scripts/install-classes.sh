# After take-classes.sh. $1 the directory of a host, $2 a release, $3 the name of an archive of classes, $4 its SHA-256, $5 the
# time of the files that it belongs to, $6 a suffix for temporary files. Reads the archive, compressed, from standard input.
cd "$1/releases/$2/startup" || exit 1
new=".$3.$6"
trap 'rm -f "$new"' EXIT
umask 077
gzip -dc > "$new" || exit 1
take_classes "$new" "$3" "$4" "$5"
