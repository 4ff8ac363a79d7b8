# $1 the numeric account that owns listening sockets; $2, … their inodes. Prints the process that holds one of them, as
# show-process.sh does, or the name of its account if this one may not see it.
account=$1
shift
# If there are several, the first one: nginx's master comes before its workers.
# shellcheck disable=SC2012 # The names are numbers.
pid=$(ls -l /proc/[0-9]*/fd 2>/dev/null | inodes=" $* " awk '
  /^\/proc\/[0-9]+\/fd:$/ { split($0, path, "/"); pid = path[3] + 0 }
  match($0, /socket:\[[0-9]+\]$/) && index(ENVIRON["inodes"], " " substr($0, RSTART + 8, RLENGTH - 9) " ") {
    if (!first || pid < first) first = pid
  }
  END { if (first) print first }')
if [ -n "$pid" ] && show "$pid"; then exit 0; fi
name=$(awk -F : -v uid="$account" '$3 == uid { print $1; exit }' /etc/passwd)
echo "account ${name:-$account}"
