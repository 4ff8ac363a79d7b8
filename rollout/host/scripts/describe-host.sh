# $1 the directory of a host. Prints current <id>, last-known-good <json> and release <id>, a line each. If $2 is the name
# of a release, also room <free bytes> <bytes that are there of it> <disk>. $3 is not empty if the deployer's files are
# copied by path, which on some file systems takes no room at all: then there is no such line.
cd "$1" 2>/dev/null || exit 0
if [ -L current ]; then current=$(readlink current); echo "current ${current##*/}"; fi
if [ -e last-known-good.json ]; then
  IFS= read -r good < last-known-good.json
  printf 'last-known-good %s\n' "$good"
fi
for jar in releases/*/app.[jw]ar; do
  if [ -e "$jar" ]; then id=${jar%/*}; echo "release ${id##*/}"; fi
done
if [ -z "$2" ] || [ ! -d releases ]; then exit 0; fi
if [ -n "$3" ]; then
  case $(stat -f -c %T releases 2>/dev/null) in btrfs | xfs | zfs | bcachefs | UNKNOWN*) exit 0 ;; esac
fi
held=0
if [ -f "releases/.$2.part" ]; then held=$(wc -c < "releases/.$2.part"); fi
free=$(free_space releases 2>/dev/null)
# Hosts may share a disk, through mounts of their own.
{ read -r boot < /proc/sys/kernel/random/boot_id; } 2>/dev/null
disk=$boot:$(stat -c %d releases/. 2>/dev/null || echo "$1")
case $free in "" | *[!0-9]*) ;; *) echo "room $((free * 1024)) $((held)) $disk" ;; esac
