# After await-java.sh. $1 a systemd unit, $2 the archive that it starts; start_unit is the command to start it.
start_unit || exit 1
await_java "$(systemctl show --property MainPID --value "$1.service")" "$2"
exit 0
