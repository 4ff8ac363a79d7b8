# After begin-shared.sh. Lets nginx test the whole configuration with the proposed version of our files, and puts the current
# one back. nginx reads them only when it is reloaded.
# shellcheck disable=SC2154 # Set or used by the other scripts.
undo() {
  go_back
  each_attached detach_new "$@"
  rm -f before
}
begin_change
if ! each_attached attach "$@"; then
  undo "$@"
  exit 1
fi
point_live "$version"
if test_nginx; then is_valid=yes; else is_valid=""; fi
said=$words
undo "$@"
if [ -z "$is_valid" ]; then
  say_whose_fault "$said" "$here"
  exit 1
fi
# nginx only warns about a name that another server block has already, and then serves one of them.
conflicts=$(printf '%s\n' "$said" | grep "conflicting server name") || exit 0
test_nginx
conflict=$(printf '%s\n' "$conflicts" | grep -m 1 -vxF -e "${words:-nothing}") || exit 0
echo "with ours in place: $conflict" >&2
exit 1
