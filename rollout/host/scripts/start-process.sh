# After await-java.sh and look-at-process.sh. $1 the directory of a host, $2 the archive to start, $3 a name of this start:
# run again with it, after a broken connection, the script finds that it has been done. Prints the pid of the application
# and when it began.
if ! mkdir "$1/.started.$3"; then
  if [ -d "$1/.started.$3" ]; then exit 0; else exit 1; fi
fi
for old in "$1"/.started.*; do [ "$old" = "$1/.started.$3" ] || rmdir "$old"; done
if [ ! -d "$1/logs" ] || [ ! -d "$1/work" ]; then mkdir -p "$1/logs" "$1/work" || exit 1; fi
if [ -e "$1/logs/app.log" ]; then mv "$1/logs/app.log" "$1/logs/app.log.1" || exit 1; fi
account=$(id -un)
umask 027
# Nothing of the environment of whoever rolls: what is started again later from another shell is the same.
env -i HOME="$HOME" USER="$account" LOGNAME="$account" setsid sh "$1/start" >> "$1/logs/app.log" 2>&1 < /dev/null &
await_java $! "$2"
# shellcheck disable=SC2154 # Set by look_at.
if look_at $!; then echo "$! $began"; fi
