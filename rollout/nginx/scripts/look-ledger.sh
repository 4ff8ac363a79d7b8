# After find-master.sh, await-written.sh and sum-ledger.sh. $1 nginx's folder, $2 what tells its master,
# $3 at how many bytes the file is replaced, $4 where to read on: inode:offset of each file; $5 for how many hundredths of a
# second at most to wait until nginx has written what is due. Prints nginx's time, and the sums of what is new. An old file
# is removed once a look finds nothing new in it, since nginx has opened the new one by then.
folder=$1 log=$1/logs/ledger.log limit=$3 were=" $4 "
touch "$folder/drained/.ledger" || exit 1
[ "$5" = 0 ] || await_written "$2" "$5"
echo "at $(date +%s)"

# read_on <file>: sets size, and is_read if there was nothing new.
read_on() {
  is_read="" size=0
  found=$(stat -c '%i %s' "$1" 2>/dev/null) || return 0
  inode=${found% *} size=${found#* }
  offset=${were#*" $inode:"}
  if [ "$offset" = "$were" ]; then offset=0; else offset=${offset%% *}; fi
  # Somebody has emptied it.
  [ "$offset" -le "$size" ] || offset=0
  [ "$offset" -lt "$size" ] || is_read=yes
  tail -c "+$((offset + 1))" "$1" | head -c "$((size - offset))" | sum_ledger "$inode" "$offset"
}

if [ -e "$log.1" ]; then
  read_on "$log.1"
  [ -z "$is_read" ] || rm -f "$log.1"
fi
read_on "$log"
[ "$size" -ge "$limit" ] || exit 0
# nginx writes to the old file until it opens its logs again.
if [ ! -e "$log.1" ] && mv "$log" "$log.1" 2>/dev/null; then
  kill -USR1 "$(find_master "$2")" 2>/dev/null && exit 0
  mv "$log.1" "$log"
elif [ -e "$log.1" ] && [ "$size" -lt $((4 * limit)) ]; then
  exit 0
fi
echo full
