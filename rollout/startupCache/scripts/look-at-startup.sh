# After identify-java.sh and startup-files.sh. $1 the directory of a host, $2 a release, $3 the name of an archive of classes,
# $4 a suffix for temporary files. Prints there if the release is unpacked and the archive is there, wanted if it is to be
# recorded, unpacked if not; or nothing if the release is not unpacked.
enter_release "$1" "$2" "$4"
rm -rf .startup.*
is_intact || exit 0
if is_whole "startup/$3"; then echo there; elif [ -e "startup/$3.wanted" ]; then echo wanted; else echo unpacked; fi
