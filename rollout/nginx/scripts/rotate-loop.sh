# After find-master.sh and rotate-log.sh. $1 nginx's folder, $2 how often to look, in seconds. Ends when nginx has ended.
while sleep "$2" && [ -n "$(find_master "$1")" ]; do rotate_log "$1"; done
