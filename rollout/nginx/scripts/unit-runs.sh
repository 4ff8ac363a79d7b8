# $1 a unit. Prints its process if that is a master of nginx that has bound its ports, which is when it takes that title:
# a unit that is started again and again has a process most of the time, too. One that cannot be seen is taken for one.
pid=$(systemctl show --property MainPID --value "$1.service")
[ "$pid" -gt 0 ] || exit 0
title=$({ tr '\000' ' ' < "/proc/$pid/cmdline"; } 2>/dev/null) || title="nginx: master process "
case "$title" in "nginx: master process "*) echo "$pid" ;; esac
