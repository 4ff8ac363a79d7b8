# After startup-files.sh. $1 the directory of a host, $2 a release, $3 a suffix for temporary files. Fails if there is no room to
# unpack the release.
enter_release "$1" "$2" "$3"
require_room
