# Prints every socket that listens on this machine, as in the kernel's tables. They come before all others there (Linux,
# Documentation/networking/proc_net_tcp.rst), of which a busy machine has thousands.
for table in /proc/net/tcp /proc/net/tcp6; do
  if [ -r "$table" ]; then awk 'FNR > 1 && $4 != "0A" { exit } { print }' "$table"; fi
done
