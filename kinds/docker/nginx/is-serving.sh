# Whether nginx serves a configuration of the rollout at port $1; needs bash or nc, like the rollout itself.
port=${1:-8079}
path=/rollgate/configuration
# Docker runs this every few seconds, which is also how a renewed certificate is noticed.
if [ -f /rollgate/copy-certificate.sh ]; then TRIES=1 sh /rollgate/copy-certificate.sh >/proc/1/fd/2 2>&1 || :; fi
# And how a count of requests ends whose roll was killed, if the container restarted since.
if [ -e /rollgate/drained/_ledger ] && [ -z "$(find /rollgate/drained/.ledger -mmin -3 2>/dev/null)" ]; then
  rm -f /rollgate/drained/.sum.* /rollgate/drained/_ledger /rollgate/logs/ledger.log.1 || :
  : > /rollgate/logs/ledger.log || :
fi
if command -v bash >/dev/null; then
  # shellcheck disable=SC2016 # These are variables of the other shell.
  exec bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\n\r\n" "$2" >&3 &&
    read -r _ code _ <&3 && [ "$code" = 200 ]' bash "$port" "$path"
fi
printf 'GET %s HTTP/1.0\r\n\r\n' "$path" | nc 127.0.0.1 "$port" | { read -r _ code _ && [ "$code" = 200 ]; }
