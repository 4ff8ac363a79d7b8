# $1 the directory of a host, $2 a release, $3 the name of an archive of classes. Prints its SHA-256, the time of the files
# that it belongs to and, in base64, the archive itself, compressed.
cd "$1/releases/$2/startup" || exit 1
sum=$(cat "$3.sum") && echo "${sum%% *}" && stat -c %Y app.jar && gzip -1 -c "$3" | base64
