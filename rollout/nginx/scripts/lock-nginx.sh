# lock_nginx <folder>: stacks that share an nginx change it one at a time. Locks a folder, so that no lock file is left
# behind.
lock_nginx() {
  exec 9< "$1" || exit 1
  if flock -w 60 9; then return 0; fi
  echo "another stack has been changing this nginx for a minute" >&2
  exit 1
}
