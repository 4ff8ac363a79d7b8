# After begin-shared.sh. Takes our files out of nginx, which goes on without them, and removes them.
# shellcheck disable=SC2154 # Set or used by the other scripts.
was=$(readlink live)
if [ -n "$was" ] && [ -n "$(find_master "$where")" ]; then
  rm -f live
  if ! test_nginx; then
    point_live "$was"
    printf 'nginx rejects its configuration without our files: %s\n' "$(printf '%s\n' "$words" | grep -m 1 emerg)" >&2
    exit 1
  fi
  each_attached detach "$@"
  reload_nginx || exit 1
fi
each_attached detach "$@"
rm -rf live before live.next versions drained logs temp lease roll.json* keeper close-connections rollgate-*.js rollgate-*.conf rollgate-*.page
cd / || exit 1
rmdir "$here" "${here%/*}" 2>/dev/null
exit 0
