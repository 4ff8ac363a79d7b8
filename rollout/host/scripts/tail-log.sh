# $1 a log, $2 how many bytes of its end, $3 how many lines of those.
tail -c "$2" "$1" 2>/dev/null | tail -n "$3"
exit 0
