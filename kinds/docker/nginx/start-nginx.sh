# Starts nginx with the configuration in its volume. If there is none, or this nginx can't load it (a module may be
# missing), it starts with a placeholder until the rollout writes one.
set -e
cd /rollgate
mkdir -p temp drained
# Of a certificate that only root can read; if that fails, nginx goes on with the copy from before.
if [ -f copy-certificate.sh ]; then sh copy-certificate.sh || :; fi
if [ ! -f nginx.conf ] || ! nginx -t -q -p /rollgate -c /rollgate/nginx.conf; then
  cp /opt/rollgate/bootstrap.conf nginx.conf
fi
exec nginx -p /rollgate -c /rollgate/nginx.conf -g 'daemon off;'
