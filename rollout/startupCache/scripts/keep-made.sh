# After keep-classes.sh. $1 the directory of a host, $2 the name of an archive of classes, $3 a suffix for temporary files. Keeps
# an archive that was made from the list of classes beside it.
cd "$1/dependencies" || exit 1
new="${2%/*}/.${2##*/}.$3"
rm -f "$new.list"
keep_classes "$new" "$2" && rm -f "$2.wanted"
