# After system-path.sh and reason-in.sh. $1 nginx's executable, then configurations. Tests each in a folder that is removed
# afterwards, and prints a line for it: accepted, or why it is not. All but the first are alternatives: the first of them
# that is accepted is the last one tested.
executable=$1
shift
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
is_first=yes
for configuration; do
  printf '%s' "$configuration" > "$folder/probe.conf" || exit 1
  if words=$("$executable" -p "$folder" -c "$folder/probe.conf" -t -q 2>&1); then
    echo accepted
    [ -n "$is_first" ] || exit 0
  else
    echo "rejected $(reason_in "$words")"
  fi
  is_first=""
done
