# clear_ledger <nginx's folder>: empties what a roll has counted, for a deployer that may not. Not while a roll is on.
clear_ledger() {
  [ -e "$1/drained/.ledger" ] || [ ! -s "$1/logs/ledger.log" ] || : > "$1/logs/ledger.log"
}
