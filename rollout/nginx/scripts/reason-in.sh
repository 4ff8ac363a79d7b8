# reason_in <words>: prints the line of nginx's output that says why a command failed.
reason_in() {
  printf '%s\n' "$1" | grep -m 1 emerg || printf '%s\n' "$1" | tail -n 1
}
