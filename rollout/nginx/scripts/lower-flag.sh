# Between forget-sum.sh and sum-flags.sh. $1 nginx's folder, $2 the flag. The sum goes first, as when a flag is raised.
umask 022
[ -d "$1/drained" ] || exit 0
cd "$1/drained" && forget_sum && forget "$2" || exit 1
