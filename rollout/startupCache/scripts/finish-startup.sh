# After startup-files.sh. $1 the directory of a host, $2 a release, $3 a suffix for temporary files, $4 a time. Finishes what
# was unpacked elsewhere.
enter_release "$1" "$2" "$3"
finish_unpacking "$4"
