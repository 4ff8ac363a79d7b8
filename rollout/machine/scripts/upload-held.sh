# $1 the folder of releases, $2 the uploaded file, $3 the size of the jar. Prints how many bytes are there already, if there
# is room for the rest.
mkdir -p "$1" || exit 1
held=0
if [ -f "$2" ]; then held=$(wc -c < "$2"); fi
free=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
needed=$((($3 - held) / 1024))
if [ "$free" -lt "$needed" ]; then
  echo "no space left: $free KiB are free, $needed KiB are needed" >&2
  exit 1
fi
echo "$held"
