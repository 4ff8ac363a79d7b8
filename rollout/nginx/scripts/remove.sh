# In nginx's folder: removes our files, then the folder and its parent if they are empty.
rm -rf nginx.conf nginx.conf.new nginx.conf.old nginx.pid roll.json* keeper drained lease tls certificate copy-certificate.sh close-connections rollgate-*.js rollgate-*.conf rollgate-*.page serving rotation
# Another account can't remove a folder of the service's account, but it can empty it.
rm -rf logs/* temp/*
rmdir logs temp conf.d locations 2>/dev/null
folder=$(pwd)
cd / || exit 1
rmdir "$folder" "${folder%/*}" 2>/dev/null
exit 0
