# $1 a folder with files that include those of stacks, $2 the file of ours there, if any, $3 the nginx.conf of the stack whose
# nginx it is, if any. Prints for each other stack its folder, and what it says it serves.
print_serving() {
  sed -n '/^# rollgate /p' "$@" 2>/dev/null
}
if [ -f "$3" ]; then
  echo "folder ${3%/*}"
  print_serving "$3"
fi
for file in "$1"/rollgate*.conf; do
  if [ ! -f "$file" ] || [ "$file" = "$2" ]; then continue; fi
  included=$(sed -n 's|^include "\{0,1\}\(.*\)/live/http\*\.conf"\{0,1\};$|\1|p' "$file")
  [ -n "$included" ] || continue
  echo "folder $included"
  print_serving "$included/live/http.conf"
done
