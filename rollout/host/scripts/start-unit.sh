# After with-rights.sh and await-java.sh. $1 a systemd unit, $2 the archive that it starts, then the command to start it.
unit=$1 archive=$2
shift 2
with_rights "$@" || exit 1
await_java "$(systemctl show --property MainPID --value "$unit.service")" "$archive"
exit 0
