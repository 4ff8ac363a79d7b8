# After preflight-host.sh. $3 the java command, looked up on the same PATH as when the application starts.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
java=$(command -v "$3") || { echo "java: expected a Java runtime, found no executable $3" >&2; exit 1; }
# If a process is running this very file, it works here: a running executable cannot be overwritten.
for program in /proc/[0-9]*/exe; do
  # shellcheck disable=SC3013 # dash and busybox have -ef.
  if [ "$program" -ef "$java" ]; then exit 0; fi
done
# shellcheck disable=SC2016 # The inner shell rejects a program for another processor instead of running it as a script.
words=$(env -i PATH="$PATH" HOME="$HOME" LANG=C.UTF-8 sh -c 'exec "$0" -version' "$java" 2>&1) && exit 0
echo "java: expected a Java runtime that runs here, got $(printf '%s' "$words" | tail -n 1)" >&2
exit 1
