# In nginx's folder. Standard input is a certificate and its key, one after the other; $1 the size of the first in bytes,
# $2 that of both, $3 a new name for the pair, $4 the account of nginx's workers, empty for this one. Puts them into tls/$3
# and then points tls/current there, so that nginx sees the old pair or the new one.
set -e
umask 077
if [ ! -d tls ]; then
  mkdir tls
  if [ -n "$4" ]; then chown "$4" tls; fi
fi
# A folder that others were given by its group, for a service with an account of its own.
if [ -g tls ]; then umask 027; fi
new=tls/new-$3
rm -rf "$new"
mkdir "$new"
trap 'rm -rf "$new"' EXIT
cat > "$new/both"
if [ "$(wc -c < "$new/both")" -ne "$2" ]; then
  echo "the certificate arrived incomplete" >&2
  exit 1
fi
head -c "$1" "$new/both" > "$new/certificate.pem"
tail -c "+$(($1 + 1))" "$new/both" > "$new/key.pem"
rm "$new/both"
if [ -n "$4" ]; then chown -R "$4" "$new"; fi
# If it is there, this is a second run.
[ -d "tls/$3" ] || mv "$new" "tls/$3"
rm -f "tls/link-$3"
ln -s "$3" "tls/link-$3"
mv -T "tls/link-$3" tls/current
for old in tls/*; do
  case $old in "tls/$3" | tls/current) ;; *) rm -rf "$old" ;; esac
done
