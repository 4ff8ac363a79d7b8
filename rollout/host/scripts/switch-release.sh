# $1 the directory of a host, $2 a release, $3 a suffix for the temporary link. busybox before 1.33 has no mv -T, so there the
# link is missing for a moment.
set -e
[ -d "$1/releases/$2" ] || { echo "there is no release $2" >&2; exit 44; }
trap 'rm -f "$1/.current.$3"' EXIT
touch "$1/releases/$2"
ln -sfn "releases/$2" "$1/.current.$3"
mv -T "$1/.current.$3" "$1/current" 2>/dev/null || { rm -f "$1/current"; mv "$1/.current.$3" "$1/current"; }
trap - EXIT
