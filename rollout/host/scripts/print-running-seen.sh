# After look-at-process.sh. $3 the pid of the process seen last, or 0; $4 its start time. Prints same if it is still
# running, without forking: gates ask several times a second.
# shellcheck disable=SC2154 # Set by look_at.
if [ "$3" != 0 ] && look_at "$3" && [ "$began" = "$4" ] && [ "$state" != Z ] && [ "$state" != X ]; then
  echo same
  exit 0
fi
