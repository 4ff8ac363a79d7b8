# Prints every listening socket of this machine in the format of the kernel's tables. The tables list them first (Linux,
# Documentation/networking/proc_net_tcp.rst); a busy machine has thousands of others.
for table in /proc/net/tcp /proc/net/tcp6; do
  if [ -r "$table" ]; then awk 'FNR > 1 && $4 != "0A" { exit } { print }' "$table"; fi
done
