# free_space <folder>: prints how many KiB this account may still write there.
free_space() {
  df -Pk "$1" | awk 'NR == 2 { print $4 }'
}
# require_space <folder> <bytes>: fails unless there is room for them.
require_space() {
  free=$(free_space "$1") needed=$(($2 / 1024))
  if [ "$free" -ge "$needed" ]; then return 0; fi
  echo "no space left: $free KiB are free, $needed KiB are needed" >&2
  return 1
}
