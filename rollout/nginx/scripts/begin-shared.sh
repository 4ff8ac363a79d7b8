# After the scripts with functions. $1 our folder, $2 the folder to lock, $3 nginx's pid file or prefix, $4 its executable,
# $5 signal, unit or stack, $6 the version of our files to use, then pairs of files that nginx includes and their texts.
# shellcheck disable=SC2034 # For the scripts that come after it.
here=$1 where=$3 executable=$4 means=$5 version=$6
lock_nginx "$2"
cd "$here" || exit 1
shift 6
# each_attached <function>
each_attached() {
  act=$1
  shift
  while [ $# -gt 1 ]; do
    "$act" "$1" "$2" || return 1
    shift 2
  done
}
