# After sha256-of.sh. $1 the directory of a host, $2 a release, $3 the name of its archive. Prints the archive's SHA-256; exits with 44 if there
# is none.
jar="$1/releases/$2/$3"
[ -e "$jar" ] || exit 44
sha256_of "$jar"
