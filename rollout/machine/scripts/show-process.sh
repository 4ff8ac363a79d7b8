# show <pid>: prints a process as a line, its pid and its arguments. Byte 1 separates the arguments and byte 2 stands
# for a line break in one.
show() {
  line=$(tr '\000\n' '\001\002' 2>/dev/null < "/proc/$1/cmdline") && [ -n "$line" ] && printf '%s %s\n' "$1" "$line"
} 2>/dev/null

# show_seen <pid>: the same for a process that was there before. One that is just becoming another program has no
# command line for a moment.
show_seen() {
  looked=0
  until show "$1"; do
    looked=$((looked + 1))
    if [ $looked -gt 25 ] || [ ! -e "/proc/$1" ] || is_zombie "$1"; then return 1; fi
    sleep 0.02
  done
}

is_zombie() {
  grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null
}
