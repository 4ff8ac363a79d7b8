# $1 an account, then files. Prints the first one that this account can't read; nothing if this account isn't root, since
# then it can't find out.
[ "$(id -u)" = 0 ] || exit 0
account=$1
shift
for file in "$@"; do
  # shellcheck disable=SC2016 # The other shell has its own $1.
  if ! su -s /bin/sh "$account" -c 'test -r "$1"' sh "$file" >/dev/null 2>&1; then
    printf '%s\n' "$file"
    exit 0
  fi
done
