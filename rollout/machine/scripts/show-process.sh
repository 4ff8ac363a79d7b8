# show <pid>: prints the pid and the arguments of a process on one line. Byte 1 ends an argument; byte 2 stands for a line
# break within one.
show() {
  line=$(tr '\000\n' '\001\002' 2>/dev/null < "/proc/$1/cmdline") && [ -n "$line" ] && printf '%s %s\n' "$1" "$line"
} 2>/dev/null

is_zombie() {
  grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null
}
