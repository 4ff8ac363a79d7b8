# Before sum-flags.sh. $1 nginx's folder.
umask 022
[ -d "$1/drained" ] || exit 0
cd "$1/drained" || exit 1
