# After startup-files.sh. $1 the directory of a host, $2 a release, $3 a suffix for temporary files. Removes what was unpacked
# only in part.
enter_release "$1" "$2" "$3"
# shellcheck disable=SC2154 # Set by enter_release.
rm -rf "$new"
