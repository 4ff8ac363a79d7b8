# $1 the directory of a host, $2 a release, $3 the name of an archive of classes, $4 a suffix for temporary files. Reads a list of
# classes, in a tar archive, from standard input.
cd "$1/releases/$2/startup" && tar -xOf - > ".$3.list.$4" && [ -s ".$3.list.$4" ]
