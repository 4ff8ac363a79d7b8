# After keep-classes.sh. $1 the directory of a host, $2 a release, $3 the name of an archive of classes, $4 its SHA-256, $5 the
# time of the files that it belongs to, $6 a suffix for temporary files. Reads the archive, compressed, from standard input.
cd "$1/releases/$2/startup" || exit 1
new=".$3.$6"
trap 'rm -f "$new"' EXIT
umask 077
gzip -dc > "$new" || exit 1
sum=$(sha256sum < "$new")
if [ "${sum%% *}" != "$4" ]; then echo "expected SHA-256 $4, got ${sum%% *}" >&2; exit 1; fi
# Java compares the time of every file. Other archives were recorded with the old one.
if [ "$(stat -c %Y app.jar)" != "$5" ]; then
  rm -f ./*.jsa
  find . -name '*.jar' -exec touch -d "@$5" {} + || exit 1
fi
keep_classes "$new" "$3"
