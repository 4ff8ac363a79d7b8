# In nginx's folder: the proposed configuration becomes the served one, which is kept. Run twice, it finds that done. One
# that is kept already is what was served last: a change before this one was not confirmed.
[ -f nginx.conf.new ] || exit 0
if [ -f nginx.conf ] && [ ! -f nginx.conf.old ]; then
  cp nginx.conf nginx.conf.kept || exit 1
  mv nginx.conf.kept nginx.conf.old || exit 1
fi
mv nginx.conf.new nginx.conf
