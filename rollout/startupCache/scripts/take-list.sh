# $1 the directory of a host, $2 the name of an archive of classes, $3 a suffix for temporary files. Reads a list of classes, in
# a tar archive, from standard input.
list="$1/dependencies/${2%/*}/.${2##*/}.$3.list"
# The last line may be written only in part.
tar -xOf - | sed '$d' > "$list" && [ -s "$list" ]
