# $1 nginx's folder. Ends what keep-rotating.sh has started.
running=$(cat "$1/temp/rotation.pid" 2>/dev/null)
case "$({ tr '\000' ' ' < "/proc/${running:-0}/cmdline"; } 2>/dev/null)" in
  *" rollgate-rotation $1 "*) kill -- "-$running" 2>/dev/null ;;
esac
rm -f "$1/temp/rotation.pid"
