# After look-at-process.sh. $2 the pid of the process that was seen last, or 0; $3 when it began. Prints same if it still
# runs: gates ask several times a second, and this starts no process.
# shellcheck disable=SC2154 # Set by look_at.
if [ "$2" != 0 ] && look_at "$2" && [ "$began" = "$3" ] && [ "$state" != Z ] && [ "$state" != X ]; then
  echo same
  exit 0
fi
