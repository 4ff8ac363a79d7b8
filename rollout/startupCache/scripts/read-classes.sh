# $1 the directory of a host, $2 the name of an archive of classes. Prints its SHA-256 and, in base64, the archive itself,
# compressed.
cd "$1/dependencies" || exit 1
sum=$(cat "$2.sum") && echo "${sum%% *}" && gzip -1 -c "$2" | base64
