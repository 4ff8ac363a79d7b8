# $1 nginx's folder, $2 the flag, $3 after how many seconds without a look it is lowered, $4 the script that does so. Prints
# where to read on: behind what an earlier roll has left and nobody could remove.
log=$1/logs/ledger.log
{ [ -d "$1/drained" ] || mkdir -p "$1/drained"; } && touch "$1/drained/.ledger" || exit 1
rm -f "$log.1" 2>/dev/null
(: > "$log") 2>/dev/null
stat -c '%i:%s' "$log" || exit 1
setsid sh -c "$4" rollgate-ledger "$1" "$2" "$3" </dev/null >/dev/null 2>&1 &
