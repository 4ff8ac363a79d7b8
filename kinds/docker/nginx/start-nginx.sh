# Starts nginx with the configuration in its volume. Where there is none, or one that this nginx cannot read, for want
# of a module perhaps, a configuration that waits for the rollout takes its place.
set -e
cd /rollgate
mkdir -p temp drained
if [ ! -f nginx.conf ] || ! nginx -t -q -p /rollgate -c /rollgate/nginx.conf; then
  cp /opt/rollgate/bootstrap.conf nginx.conf
fi
exec nginx -p /rollgate -c /rollgate/nginx.conf -g 'daemon off;'
