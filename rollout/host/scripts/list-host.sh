# $1 the directory of a host. Prints three lists, with a line / between them, which no file is called: the releases, the
# one that became current last first; the launches, youngest first; what interrupted staging left behind.
cd "$1" || exit 1
ls -1t releases 2>/dev/null
echo /
ls -1t launches 2>/dev/null
echo /
ls -1d releases/.[!.]* 2>/dev/null
exit 0
