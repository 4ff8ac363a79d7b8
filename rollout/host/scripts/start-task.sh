# $1 the directory of a host, $2 the folder of a task in it with a file of variables, $3 a script that runs the task, $4 and
# $5 its arguments, and then the command. If the script runs again with the folder after a broken connection, it does
# nothing. What a dead deployer left behind is removed.
cd "$1" || exit 1
if ! mkdir "$2/began"; then
  if [ -d "$2/began" ]; then exit 0; else exit 1; fi
fi
for old in .task.*; do [ "$old" = "$2" ] || rm -rf "$old"; done
if [ ! -d work ]; then mkdir work || exit 1; fi
task=$1/$2 script=$3
shift 3
account=$(id -un)
env -i HOME="$HOME" USER="$account" LOGNAME="$account" setsid sh -c "$script" sh "$task" "$@" > /dev/null 2>&1 < /dev/null &
