# After with-rights.sh, find-master.sh and lock-shared.sh. $1 nginx's folder, then the command that reloads its unit.
lock_shared "$1"
master=$(find_master "$1")
before=$(children_of "$master")
shift
with_rights "$@" || exit 1
await_workers "$master" "$before"
