# $1 a log, $2 how many bytes to read from its end, $3 how many lines of those to print.
tail -c "$2" "$1" 2>/dev/null | tail -n "$3"
exit 0
