# After sha256-of.sh. $1 the folder of releases, $2 the uploaded file, $3 the release, $4 the expected SHA-256, $5 the name of the archive.
# Prints the actual SHA-256. Removes an upload that does not match, and nothing else.
set -e
umask 022
part=$2 place="$1/$3" whole="$1/$3/$5" new="$2.new" aside="$2.damaged"
# Already done by a run of this script whose connection broke.
if [ ! -e "$part" ] && [ -f "$whole" ]; then
  sha256_of "$whole"
  exit 0
fi
got=$(sha256_of "$part")
if [ "$got" != "$4" ]; then
  rm -f "$part"
  echo "$got"
  exit 0
fi
rm -rf "$new" "$aside"
mkdir "$new"
mv "$part" "$new/$5"
chmod 444 "$new/$5"
# The time of a release's folder says when it last became current: this one never was.
touch -d @0 "$new"
# A damaged one is moved away, not overwritten: a JVM may have its jar open. An intact one that someone else has put
# there in the meantime stays.
if [ -e "$place" ] && { [ ! -f "$whole" ] || [ "$(sha256_of "$whole")" != "$4" ]; }; then mv "$place" "$aside"; fi
# A busybox before 1.33 has no mv -T.
if mv -T "$new" "$place" 2>/dev/null || { [ ! -e "$place" ] && mv "$new" "$place"; }; then
  got=$4
else
  got=$(sha256_of "$whole")
fi
rm -rf "$new" "$aside"
echo "$got"
