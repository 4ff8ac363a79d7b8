# After forget-sum.sh, before lower-flag.sh and sum-flags.sh. $1 nginx's folder, $2 the flag, $3 after how many seconds
# without a look at the ledger nobody reads it any more. Ends at once if the ledger was ended.
while sleep 1; do
  looked=$(stat -c %Y "$1/drained/.ledger" 2>/dev/null) || exit 0
  [ $(($(date +%s) - looked)) -lt "$3" ] || break
done
rm -f "$1/drained/.ledger" "$1/logs/ledger.log.1"
(: > "$1/logs/ledger.log") 2>/dev/null
