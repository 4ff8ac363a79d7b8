# $1 nginx's folder, $2 its executable, $3 a configuration there; before say-why.sh.
# shellcheck disable=SC2034 # For say-why.sh.
words=$("$2" -p "$1" -c "$1/$3" -t -q 2>&1) && exit 0
