# $1 the directory of a host, $2 process if its folders may be created, systemd if they must exist already.
for tool in sha256sum awk; do
  command -v $tool >/dev/null || { echo "expected $tool, found none" >&2; exit 1; }
done
if [ "$2" = process ]; then
  command -v setsid >/dev/null || { echo "expected setsid (util-linux), found none" >&2; exit 1; }
  mkdir -p "$1/releases" "$1/work" || exit 1
fi
if [ ! -d "$1/releases" ]; then
  echo "expected the folder $1/releases, found none: the server is not set up" >&2
  exit 1
fi
if [ ! -w "$1" ] || [ ! -w "$1/releases" ]; then
  echo "expected a folder that $(id -un) can write to, got $1" >&2
  exit 1
fi
