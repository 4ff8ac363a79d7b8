# After take-classes.sh. $1 the directory of a host, $2 a release, $3 the name of an archive of classes, $4 the directory of
# another host on the same machine, which has it, $5 a suffix for temporary files.
cd "$1/releases/$2/startup" || exit 1
from="$4/releases/$2/startup" new=".$3.$5"
trap 'rm -f "$new"' EXIT
umask 077
sum=$(cat "$from/$3.sum") && time=$(stat -c %Y "$from/app.jar") && cat "$from/$3" > "$new" || exit 1
take_classes "$new" "$3" "${sum%% *}" "$time"
