# In nginx's folder: restores the old configuration and prints yes if there was one. Otherwise it removes the new one,
# unless that was never put in place.
if [ -f nginx.conf.old ]; then
  cp nginx.conf.old nginx.conf.back || exit 1
  mv nginx.conf.back nginx.conf || exit 1
  echo yes
elif [ ! -e nginx.conf.new ]; then
  rm -f nginx.conf
fi
