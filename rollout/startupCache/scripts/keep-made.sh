# After keep-classes.sh. $1 the directory of a host, $2 a release, $3 the name of an archive of classes, $4 a suffix for
# temporary files. Keeps an archive that was made from the list of classes beside it.
cd "$1/releases/$2/startup" || exit 1
rm -f ".$3.list.$4"
keep_classes ".$3.$4" "$3" && rm -f "$3.wanted"
