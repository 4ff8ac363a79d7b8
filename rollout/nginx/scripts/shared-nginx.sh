# After find-master.sh, lock-shared.sh and ../../machine/scripts/with-rights.sh. Functions for an nginx that is not this stack's own. They
# read where (its pid file or prefix), executable and means: signal, unit (root's nginx.service), or stack (another stack's unit).
# option_of <letter>: prints the value of one of its command-line options.
# shellcheck disable=SC2154,SC2034 # Set or used by the other scripts.
option_of() {
  title_of "$(find_master "$where")" | sed -n "s/^nginx: master process .* -$1 \(.*\)/\1/; t found
    d
    :found
    s/ -[a-zA-Z]\( .*\)\{0,1\}\$//; s/ *\$//; p"
}

# test_nginx: sets words to what nginx says about the whole configuration.
test_nginx() {
  prefix=$(option_of p) configuration=$(option_of c)
  set -- "$executable" ${prefix:+-p "$prefix"} ${configuration:+-c "$configuration"} -t -q
  case $means in
    unit) words=$(with_rights "$@" 2>&1) ;;
    stack) test_of_stack ;;
    *) words=$("$@" 2>&1) ;;
  esac
}

# unit_of_stack: prints the name of another stack's unit, the one of its units that has another one to test for it.
unit_of_stack() {
  grep -lxF "# Written by rollgate for $where." /etc/systemd/system/*.service 2>/dev/null |
    sed -n 's|.*/\(.*\)-test\.service$|\1|p' | head -n 1
}

# test_of_stack: as test_nginx, under the account of that stack's nginx. Its test unit tests what is served if there is such
# a file, and what the stack proposes otherwise.
test_of_stack() {
  : > "$where/conf.d/.test" || return 1
  with_rights /usr/bin/systemctl start "$(unit_of_stack)-test.service" 2>/dev/null
  result=$?
  words=$(cat "$where/logs/test.log")
  rm -f "$where/conf.d/.test"
  return $result
}

# reload_nginx: returns once new workers run, because until then nginx may not have read its files.
reload_nginx() {
  master=$(find_master "$where")
  [ -n "$master" ] || { echo "nginx is not running any more" >&2; return 1; }
  old=$(children_of "$master")
  case $means in
    unit) with_rights /usr/bin/systemctl reload nginx.service || return 1 ;;
    stack) with_rights /usr/bin/systemctl reload "$(unit_of_stack).service" || return 1 ;;
    *) kill -HUP "$master" || return 1 ;;
  esac
  is_shared=yes
  await_workers "$master" "$old"
}
