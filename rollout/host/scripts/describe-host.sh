# $1 the directory of a host. Prints current <id>, last-known-good <json> and release <id>, a line each.
cd "$1" 2>/dev/null || exit 0
if [ -L current ]; then current=$(readlink current); echo "current ${current##*/}"; fi
if [ -e last-known-good.json ]; then
  IFS= read -r good < last-known-good.json
  printf 'last-known-good %s\n' "$good"
fi
for jar in releases/*/app.[jw]ar; do
  if [ -e "$jar" ]; then id=${jar%/*}; echo "release ${id##*/}"; fi
done
