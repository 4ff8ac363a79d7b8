# After take-classes.sh. $1 the directory of a host, $2 the name of an archive of classes, $3 the directory of another host on
# the same machine, which has it, $4 a suffix for temporary files.
cd "$1/dependencies" || exit 1
new="${2%/*}/.${2##*/}.$4"
trap 'rm -f "$new"' EXIT
umask 077
sum=$(cat "$3/dependencies/$2.sum") && cat "$3/dependencies/$2" > "$new" || exit 1
take_classes "$new" "$2" "${sum%% *}"
