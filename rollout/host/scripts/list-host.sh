# $1 the directory of a host. Prints the releases, those that became current last first; after a line that no file is
# called, the launches, youngest first.
cd "$1" || exit 1
ls -1t releases 2>/dev/null
echo /
ls -1t launches 2>/dev/null
exit 0
