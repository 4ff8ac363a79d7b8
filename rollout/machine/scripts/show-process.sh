# show <pid>: prints a process as a line, its pid and its arguments. Byte 1 separates the arguments and byte 2 stands
# for a line break in one.
show() {
  line=$(tr '\000\n' '\001\002' 2>/dev/null < "/proc/$1/cmdline") && [ -n "$line" ] && printf '%s %s\n' "$1" "$line"
} 2>/dev/null

is_zombie() {
  grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null
}
