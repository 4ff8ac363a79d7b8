# After find-master.sh and before say-why.sh. $1 nginx's folder, $2 its executable. Leaves a running nginx alone, so the
# script may run twice. It is started in its folder, where requests look for the sum of the flags.
[ -z "$(find_master "$1")" ] || exit 0
case $2 in [!/]*/*) set -- "$1" "$PWD/$2" ;; esac
# shellcheck disable=SC2034 # For say-why.sh.
words=$(cd "$1" && "$2" -p "$1" -c "$1/nginx.conf" 2>&1 </dev/null) && exit 0
