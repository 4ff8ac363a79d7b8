# is_seen <pid> <start time>: whether the process seen last is still running; 0 for none. After look-at-process.sh. Forks
# nothing: gates ask several times a second.
# shellcheck disable=SC2154 # Set by look_at.
is_seen() {
  [ "$1" != 0 ] && look_at "$1" && [ "$began" = "$2" ] && [ "$state" != Z ] && [ "$state" != X ]
}
