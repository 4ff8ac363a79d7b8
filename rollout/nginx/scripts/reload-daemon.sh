# After find-master.sh. $1 nginx's folder.
master=$(find_master "$1")
[ -n "$master" ] || { echo "nginx is not running any more" >&2; exit 1; }
kill -HUP "$master"
