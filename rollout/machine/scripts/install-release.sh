# $1 the folder of releases, $2 the file that took a jar in, $3 the release, $4 the SHA-256 that it is to have, $5 what it
# is called there. Prints the SHA-256 that it has. What is not what was sent goes away, and so does nothing else.
set -e
umask 022
part=$2 place="$1/$3" whole="$1/$3/$5" new="$2.new" aside="$2.damaged"
hash() {
  sum=$(sha256sum < "$1")
  echo "${sum%% *}"
}
# Done by a run of this script whose connection broke.
if [ ! -e "$part" ] && [ -f "$whole" ]; then
  hash "$whole"
  exit 0
fi
got=$(hash "$part")
if [ "$got" != "$4" ]; then
  rm -f "$part"
  echo "$got"
  exit 0
fi
rm -rf "$new" "$aside"
mkdir "$new"
mv "$part" "$new/$5"
chmod 444 "$new/$5"
# Never ran: the time of a release's folder says when it last became current.
touch -d @0 "$new"
# A damaged one is moved away, not overwritten: a JVM may have its jar open. A whole one that somebody else put there
# meanwhile stays.
if [ -e "$place" ] && { [ ! -f "$whole" ] || [ "$(hash "$whole")" != "$4" ]; }; then mv "$place" "$aside"; fi
# A busybox before 1.33 has no mv -T.
if mv -T "$new" "$place" 2>/dev/null || { [ ! -e "$place" ] && mv "$new" "$place"; }; then
  got=$4
else
  got=$(hash "$whole")
fi
rm -rf "$new" "$aside"
echo "$got"
