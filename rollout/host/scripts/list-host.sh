# $1 the directory of a host. Prints three lists, separated by a line /, which is no file name: releases, most recently
# current first; launches, newest first; what interrupted staging left behind.
cd "$1" || exit 1
ls -1t releases 2>/dev/null
echo /
ls -1t launches 2>/dev/null
echo /
ls -1d releases/.[!.]* 2>/dev/null
exit 0
