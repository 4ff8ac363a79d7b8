# In nginx's folder: puts the kept configuration back and prints whether there was one; where there was none, the new one
# goes away, unless it still waits: then the served one was not touched.
if [ -f nginx.conf.old ]; then
  cp nginx.conf.old nginx.conf.back || exit 1
  mv nginx.conf.back nginx.conf || exit 1
  echo yes
elif [ ! -e nginx.conf.new ]; then
  rm -f nginx.conf
fi
