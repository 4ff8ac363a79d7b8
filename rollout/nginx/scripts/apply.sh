# In nginx's folder: replaces the current configuration with the proposed one and keeps the old one. A second run finds
# that done. If an old one is kept already, an earlier change was not confirmed, and it stays.
[ -f nginx.conf.new ] || exit 0
if [ -f nginx.conf ] && [ ! -f nginx.conf.old ]; then
  cp nginx.conf nginx.conf.kept || exit 1
  mv nginx.conf.kept nginx.conf.old || exit 1
fi
mv nginx.conf.new nginx.conf
