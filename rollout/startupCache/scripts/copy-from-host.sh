# After startup-files.sh and copy-unpacked.sh. $1 the directory of a host, $2 a release, $3 a suffix for temporary files, $4 the
# directory of another host on the same machine. Prints copied if the release's unpacked files were there.
enter_release "$1" "$2" "$3"
umask 022
if copy_unpacked "$4" "$2"; then echo copied; fi
