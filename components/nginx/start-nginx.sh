# Starts nginx with the configuration in its volume. One that this nginx cannot read, for want of a module perhaps,
# gives way to a configuration that waits for the rollout.
set -e
cd /rollgate
mkdir -p temp drained
if ! nginx -t -q -p /rollgate -c /rollgate/nginx.conf; then
  cp /opt/rollgate/bootstrap.conf nginx.conf
fi
exec nginx -p /rollgate -c /rollgate/nginx.conf -g 'daemon off;'
