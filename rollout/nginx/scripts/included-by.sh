# After find-master.sh and shared-nginx.sh. $1 nginx's pid file or prefix, $2 its executable, $3 a regular expression. Prints
# the folder of its configuration if no line there matches; nothing if one does, or if this account can't read it.
# shellcheck disable=SC2034 # Set or used by the other scripts.
where=$1 executable=$2
configuration=$(option_of c)
if [ -z "$configuration" ]; then
  configuration=$("$executable" -V 2>&1 | sed -n 's/.*--conf-path=\([^ ]*\).*/\1/p')
fi
folder=${configuration%/*}
[ -r "$folder" ] || exit 0
grep -RqsE -e "$3" "$folder" || echo "$folder"
