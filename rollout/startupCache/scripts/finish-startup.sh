# After startup-files.sh. $1 the directory of a host, $2 a release, $3 a suffix for temporary files, $4 a time, $5 how the
# application names the directory. Finishes what was unpacked elsewhere; what finish_unpacking reads comes from standard input.
enter_release "$1" "$2" "$3"
umask 022
finish_unpacking "$2" "$4" "$5"
