# clear_ledger <nginx's folder>: empties what a roll has counted, for a deployer that may not. Not while somebody reads it.
clear_ledger() {
  [ -s "$1/logs/ledger.log" ] || return 0
  [ -n "$(find "$1/drained/.ledger" -mmin -3 2>/dev/null)" ] || : > "$1/logs/ledger.log"
}
