# $1 nginx's folder. After the last look. nginx keeps the file open, so it stays, empty but for requests that still go on.
rm -f "$1/drained/.ledger" "$1/logs/ledger.log.1" 2>/dev/null
(: > "$1/logs/ledger.log") 2>/dev/null
exit 0
