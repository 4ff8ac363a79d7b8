# $1 the directory of a host, $2 the archive that it starts, $3 a word of its own: whoever comes with it again, after a
# broken connection, finds that it has been done. Prints the pid of the application.
if ! mkdir "$1/.started.$3"; then
  if [ -d "$1/.started.$3" ]; then exit 0; else exit 1; fi
fi
for old in "$1"/.started.*; do [ "$old" = "$1/.started.$3" ] || rmdir "$old"; done
mkdir -p "$1/logs" "$1/work" || exit 1
if [ -e "$1/logs/app.log" ]; then mv "$1/logs/app.log" "$1/logs/app.log.1" || exit 1; fi
account=$(id -un)
umask 027
# Nothing of the environment of whoever rolls: what is started again later from another shell is the same.
env -i HOME="$HOME" USER="$account" LOGNAME="$account" setsid sh "$1/start" >> "$1/logs/app.log" 2>&1 < /dev/null &
await_java $! "$2"
echo $!
