# In our folder. live is a link to the folder with the files that nginx includes. While a change is not confirmed, before
# is a link to what live was, or to none.
point_live() {
  if [ "$1" = none ]; then rm -f live; return 0; fi
  ln -sfn "$1" live.next && mv -T live.next live
}

begin_change() {
  if [ -L before ]; then return 0; fi
  ln -s "$(readlink live || echo none)" before
}

go_back() {
  point_live "$(readlink before)"
}
