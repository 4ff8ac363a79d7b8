# After with-rights.sh. $1 a systemd unit, then the command to stop it. Prints how it ended: timeout if it was killed.
unit=$1
shift
was=""
if systemctl is-active --quiet "$unit.service"; then was=active; fi
with_rights "$@" || exit 1
if [ -n "$was" ]; then systemctl show --property Result --value "$unit.service"; fi
exit 0
