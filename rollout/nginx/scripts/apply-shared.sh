# After begin-shared.sh. Lets nginx use a version of our files. Tests it again, since others may have changed something in the
# meantime. A second run finds that done.
# shellcheck disable=SC2154 # Set or used by the other scripts.
begin_change
if each_attached attach "$@"; then
  point_live "$version"
  if test_nginx; then reload_nginx; exit $?; fi
fi
said=$words
go_back
say_whose_fault "$said" "$here"
exit 1
