# $1 the directory of a host, $2 a release, $3 what its archive is called. Prints the SHA-256 of that; 44 means that
# there is none.
jar="$1/releases/$2/$3"
[ -e "$jar" ] || exit 44
sum=$(sha256sum < "$jar") && echo "${sum%% *}"
