# In nginx's folder: removes what is ours, and the folder and the one above it where nobody else has anything there.
rm -rf nginx.conf nginx.conf.new nginx.conf.old nginx.pid drained lease close-connections rollgate-*.js
# What a service account owns cannot be removed by another one, but what is in it can.
rm -rf logs/* temp/*
rmdir logs temp 2>/dev/null
folder=$(pwd)
cd / || exit 1
rmdir "$folder" "${folder%/*}" 2>/dev/null
exit 0
