# After keep-classes.sh. $1 the directory of a host, $2 the name of an archive of classes, $3 the java command, $4 the pid of an
# application that lists its classes, $5 a suffix for temporary files, and then the JVM options that matter for an archive.
# Makes the archive from the list; the application goes on meanwhile, and what needs a processor has precedence.
directory=$1 name=$2 java=$(command -v "$3") list="$1/work/.classes.$4" new="$1/dependencies/${2%/*}/.${2##*/}.$5"
[ -n "$java" ] || exit 1
if [ ! -s "$list" ]; then echo "the application has not listed its classes" >&2; exit 1; fi
trap 'rm -f "$new" "$new.list"' EXIT
umask 077
# The last line may be written only in part.
head -c 50000000 "$list" | sed '$d' > "$new.list" && cd "$directory/work" || exit 1
shift 5
nice -n 19 env -i LANG=C.UTF-8 "$java" "$@" -Xshare:dump -Xlog:disable -Xlog:all=error:stderr \
  "-XX:SharedClassListFile=$new.list" "-XX:SharedArchiveFile=$new" "@../dependencies/${name%/*}/classpath" > /dev/null < /dev/null || exit 1
cd "$directory/dependencies" && keep_classes "$new" "$name" || exit 1
# The next start does, if the deployer may not.
rm -f "$list" 2> /dev/null || :
