#!/bin/sh
# The script that people write by hand. $1 the new jar, $2 the folder of the servers, $3 and $4 their ports; HEALTH is the
# path of the health endpoint.
set -eu

is_up() {
  tries=0
  until curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$1$HEALTH"; do
    tries=$((tries + 1))
    [ "$tries" -lt 10 ] || return 1
    sleep 10
  done
}

# $1 the new jar, $2 the folder of the server, $3 its port, $4 the port of the other one
replace() {
  is_up "$4"
  pid=$(cat "$2/app.pid")
  kill -15 "$pid"
  waited=0
  while kill -0 "$pid" 2> /dev/null && [ "$waited" -lt 30 ]; do
    sleep 1
    waited=$((waited + 1))
  done
  kill -9 "$pid" 2> /dev/null || :
  cp "$1" "$2/app.jar"
  "$2/start.sh"
  sleep 10
  is_up "$3"
  sleep 60
}

replace "$1" "$2/app-1" "$3" "$4"
replace "$1" "$2/app-2" "$4" "$3"
