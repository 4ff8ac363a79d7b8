# After keep-classes.sh. $1 the directory of a host, $2 a release, $3 the pid of a JVM that runs it, $4 the name of the archive
# of classes, $5 a suffix for temporary files. Asks for the JVM's classes and keeps them with the release.
cd "$1/releases/$2/startup" || exit 1
[ -e "$4" ] && exit 0
file="$1/work/.classes.$3" new=".$4.$5"
trap 'rm -f "ask.$3" "$new"' EXIT
if ! tr '\000' '\n' < "/proc/$3/cmdline" | grep -qxF -e -XX:+RecordDynamicDumpInfo; then
  echo "it was started without -XX:+RecordDynamicDumpInfo" >&2
  exit 1
fi
: > "ask.$3"
waited=0
until [ -e "$file" ]; do
  if [ -e "$file.failed" ]; then tail -n 1 "$file.failed" >&2; exit 1; fi
  if [ ! -e "/proc/$3" ]; then echo "the application ended" >&2; exit 1; fi
  if [ $waited -ge 600 ]; then echo "the JVM did not write them within a minute" >&2; exit 1; fi
  waited=$((waited + 1))
  sleep 0.1
done
umask 077
head -c 500000000 "$file" > "$new" && keep_classes "$new" "$4"
