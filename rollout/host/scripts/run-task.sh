# $1 the folder of a task, $2 its deadline in seconds, $3 the seconds between SIGTERM and SIGKILL then, and the command.
# Leaves the command's output and how it ended in the folder.
task=$1 seconds=$2 farewell=$3
shift 3
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
umask 077
: > "$task/output"
(
  set -a
  # shellcheck disable=SC1091 # A file of this task.
  . "$task/environment"
  set +a
  rm "$task/environment"
  cd "$task/../work" || exit 1
  umask 027
  exec setsid "$@" >> "$task/output" 2>&1
) &
command=$!
(
  sleep "$seconds"
  : > "$task/overdue"
  kill -TERM "-$command"
  sleep "$farewell"
  kill -KILL "-$command"
) &
wait "$command"
ended=$?
if [ -e "$task/overdue" ]; then
  # Its children may have ignored the first signal.
  kill -KILL "-$command"
  ended=overdue
fi
echo "$ended" > "$task/ended.new" && mv "$task/ended.new" "$task/ended"
# What is left in this process group is only the clock.
trap '' TERM
kill -TERM -$$
