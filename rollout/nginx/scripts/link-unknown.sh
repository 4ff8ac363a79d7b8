# $1 nginx's folder, then places as nginx writes them in its log. Until a roll says which release answers at a place, its
# link leads to a folder that is none: nginx complains about a link that is missing, once for each request.
umask 022
mkdir -p "$1/serving/_" && cd "$1/serving" || exit 1
shift
for place in "$@"; do
  [ -e "$place" ] || ln -sfn _ "$place" || exit 1
done
