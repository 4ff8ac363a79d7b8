# Before enter-flags.sh and sum-flags.sh. $1 nginx's folder.
cd "$1" && rm -f close-connections || exit 1
