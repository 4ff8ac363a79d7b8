# Between forget-sum.sh and sum-flags.sh. $1 nginx's folder, $2 the flag. The sum goes first, so that after an interruption
# nginx looks at every flag.
umask 022
{ [ -d "$1/drained" ] || mkdir -p "$1/drained"; } && cd "$1/drained" && forget_sum && : > "$2" || exit 1
