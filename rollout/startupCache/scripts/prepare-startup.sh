# After identify-java.sh, startup-files.sh and copy-unpacked.sh. $1 the directory of a host, $2 a release, $3 the java command,
# $4 what stands for the JVM options, $5 the time that its files get, $6 a suffix for temporary files, $7 unpack if the release
# may be unpacked, $8 the directory of another host on the same machine that has unpacked it, or nothing. Unpacks it unless its
# files are there and intact; what finish_unpacking reads comes from standard input. Prints the name of the archive of classes
# that a start would use, and there if it is there; or - and why there can't be one; or nothing if the release is not unpacked.
enter_release "$1" "$2" "$6"
java=$(command -v "$3") || exit 1
rm -rf .startup.*
if ! is_intact; then
  [ "$7" = unpack ] || exit 0
  require_room
  umask 022
  if [ -z "$8" ] || ! copy_unpacked "$8" "$2"; then
    # shellcheck disable=SC2154 # Set by enter_release.
    env -i LANG=C.UTF-8 "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djarmode=tools -jar app.jar extract --destination "$new" >&2 < /dev/null || { rm -rf "$new"; exit 1; }
    finish_unpacking "$2" "$5" ..
  fi
fi
identify_java "$java"
if [ -z "$build" ]; then echo "- $java is no HotSpot 17 to 25"; exit 0; fi
dependencies=$(cat startup/dependencies 2> /dev/null) || { echo "- releases share no libraries"; exit 0; }
name="$dependencies/$4-$build.jsa"
# shellcheck disable=SC2154 # Set by enter_release.
if is_whole "$shared/$name"; then echo "$name there"; else rm -f "$shared/$name"; echo "$name"; fi
