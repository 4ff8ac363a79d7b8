# After find-master.sh and lock-shared.sh. $1 nginx's folder.
lock_shared "$1"
master=$(find_master "$1")
[ -n "$master" ] || { echo "nginx is not running any more" >&2; exit 1; }
before=$(children_of "$master")
kill -HUP "$master" || exit 1
await_workers "$master" "$before"
