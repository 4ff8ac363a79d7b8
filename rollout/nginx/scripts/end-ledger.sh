# $1 nginx's folder, $2 the flag of the ledger, $3 the script that lowers it. After the last look. nginx keeps the file
# open, so it stays, empty but for requests that still go on.
sh -c "$3" sh "$1" "$2" || exit 1
rm -f "$1/drained/.ledger" "$1/logs/ledger.log.1" 2>/dev/null
(: > "$1/logs/ledger.log") 2>/dev/null
exit 0
