# say_whose_fault <words> <our folder>: after the whole configuration was rejected with our files in place, and those are
# out of it again. Prints the line that says why, and whose it is.
say_whose_fault() {
  reason=$(printf '%s\n' "$1" | grep -m 1 emerg) || reason=$(printf '%s\n' "$1" | tail -n 1)
  if ! test_nginx; then
    echo "broken before: $reason" >&2
  else
    case $reason in
      *" $2/"*) echo "$reason" >&2 ;;
      *) echo "with ours in place: $reason" >&2 ;;
    esac
  fi
}
