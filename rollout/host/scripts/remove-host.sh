# $1 the directory of a host. Removes everything that rolls put there. If the application wrote anything in work, that
# stays and the path of the folder is printed.
cd "$1" 2>/dev/null || exit 0
# shellcheck disable=SC2115 # A folder of this host.
rm -rf releases/* releases/.[!.]* secrets/* current last-known-good.json launches dependencies start start_b logs .started.* .task.* .current.* || exit 1
rm -f work/.classes.* 2>/dev/null
rmdir releases secrets work 2>/dev/null
if [ -d work ]; then
  if [ -n "$(ls -A work 2>/dev/null)" ]; then printf '%s\n' "$1/work"; fi
  exit 0
fi
# The folders above are removed with the last host of a stack and with the last stack.
cd /
rmdir "$1" "${1%/*}" 2>/dev/null && parent=${1%/*} && rmdir "${parent%/*}" 2>/dev/null
exit 0
