# After begin-shared.sh. Puts our files back as they were before the change, and prints yes if there were any; otherwise nginx
# goes on without them.
[ -L before ] || exit 0
was=$(readlink before)
go_back
if [ "$was" = none ]; then
  each_attached detach "$@"
  rm -f before
  reload_nginx
else
  echo yes
fi
