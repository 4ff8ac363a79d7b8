# $1 nginx's folder, $2 how often to look at its log, in seconds, $3 the script that does so until nginx ends. Starts it
# unless it runs already.
[ -f "$1/rotation" ] || exit 0
running=$(cat "$1/temp/rotation.pid" 2>/dev/null)
case "$({ tr '\000' ' ' < "/proc/${running:-0}/cmdline"; } 2>/dev/null)" in
  *" rollgate-rotation $1 "*) exit 0 ;;
esac
setsid sh -c "$3" rollgate-rotation "$1" "$2" </dev/null >/dev/null 2>&1 &
echo $! > "$1/temp/rotation.pid"
