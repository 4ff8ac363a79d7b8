# attach <file> <text>: makes sure that nginx includes our files, by a file of two lines that it includes. The first line says
# whose it is. Adds the file to attached if it was not there before.
attached=""
attach() {
  if [ "$(cat "$1" 2>/dev/null)" = "$2" ]; then return 0; fi
  if [ -s "$1" ] && ! is_attached "$1" "$2"; then
    echo "expected no file of another program or stack, got $1" >&2
    return 1
  fi
  if [ ! -e "$1" ]; then attached="$attached|$1|"; fi
  if { printf '%s\n' "$2" > "$1"; } 2>/dev/null; then return 0; fi
  echo "expected a file with our include line, which this account can't write: $1" >&2
  return 1
}

is_attached() {
  [ "$(head -n 1 "$1" 2>/dev/null)" = "$(printf '%s\n' "$2" | head -n 1)" ]
}

# detach <file> <text>: removes such a file, unless another account set it up, which then removes it.
detach() {
  if is_attached "$1" "$2"; then rm -f "$1" 2>/dev/null; fi
  return 0
}

detach_new() {
  case $attached in *"|$1|"*) detach "$1" "$2" ;; esac
}
