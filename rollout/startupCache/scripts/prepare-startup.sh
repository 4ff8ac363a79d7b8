# After identify-java.sh. $1 the directory of a host, $2 a release, $3 the java command, $4 what stands for the JVM options,
# $5 the time that its files get, $6 a suffix for temporary files, $7 unpack if the release may be unpacked. Unpacks it unless
# its files are there and intact. Prints the name of the archive of classes that a start would use, and there if it is there;
# or - and why there can't be one; or nothing if the release is not unpacked.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd "$1/releases/$2" || exit 1
java=$(command -v "$3") || exit 1
is_intact() {
  [ -f "$1/sums" ] && (cd "$1" && sha256sum -c sums > /dev/null 2>&1)
}
new=".startup.$6" aside=".damaged.$6" folder=$(pwd)
# The time of a release's folder says when it last became current.
time=$(stat -c %Y .) || exit 1
# What a dead deployer left behind is removed, too.
trap 'cd "$folder" && rm -rf .startup.* .damaged.* startup/.*.jsa.* && touch -d "@$time" .' EXIT
if ! is_intact startup; then
  # A JVM may have its files open.
  if [ -e startup ]; then mv startup "$aside" || exit 1; fi
  [ "$7" = unpack ] || exit 0
  free=$(df -Pk . | awk 'NR == 2 { print $4 }')
  if [ "$free" -lt $(($(wc -c < app.jar) * 4 / 1024)) ]; then echo "no room to unpack it: $free KiB are free" >&2; exit 1; fi
  umask 022
  env -i LANG=C.UTF-8 "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djarmode=tools -jar app.jar extract --destination "$new" >&2 || exit 1
  if [ ! -f "$new/app.jar" ]; then echo "expected an unpacked app.jar, found none" >&2; exit 1; fi
  (cd "$new" && find . -type f -exec touch -d "@$5" {} + && find . -type f ! -name 'sums*' -exec sha256sum {} + > sums.new && mv sums.new sums) || exit 1
  mv "$new" startup || exit 1
fi
identify_java "$java"
if [ -z "$build" ]; then echo "- $java is no HotSpot 17 to 23"; exit 0; fi
name="$4-$build.jsa"
cd startup || exit 1
if is_whole "$name"; then echo "$name there"; exit 0; fi
rm -f "$name"
# shellcheck disable=SC2154 # Set by identify_java.
if [ -x "$home/bin/jcmd" ]; then echo "$name"; else echo "- there is no $home/bin/jcmd"; fi
