# After await-java.sh and look-at-process.sh. $1 the directory of a host, $2 the archive to start, $3 an ID of this start: if
# the script runs again with it after a broken connection, it does nothing; $4 the slot's start file and $5 its log, both in
# the directory. Prints the application's pid and start time.
if ! mkdir "$1/.started.$3"; then
  if [ -d "$1/.started.$3" ]; then exit 0; else exit 1; fi
fi
if [ ! -d "$1/logs" ] || [ ! -d "$1/work" ]; then mkdir -p "$1/logs" "$1/work" || exit 1; fi
if [ -e "$1/$5" ]; then mv "$1/$5" "$1/$5.1" || exit 1; fi
account=$(id -un)
umask 027
# Nothing is inherited from the deployer's environment: a later start from another shell is the same.
env -i HOME="$HOME" USER="$account" LOGNAME="$account" setsid sh "$1/$4" >> "$1/$5" 2>&1 < /dev/null &
started=$!
for old in "$1"/.started.*; do [ "$old" = "$1/.started.$3" ] || rmdir "$old"; done
await_java "$started" "$2"
# shellcheck disable=SC2154 # Set by look_at.
if look_at "$started"; then echo "$started $began"; fi
