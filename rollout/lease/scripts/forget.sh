# $1 the folder of leases, $2 the first generation to keep.
cd "$1" || exit 1
for file in [0-9]*.json; do
  if [ "${file%.json}" -lt "$2" ] 2>/dev/null; then rm -f "$file"; fi
done
