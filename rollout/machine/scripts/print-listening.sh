# Prints every socket that listens on this machine, as in the kernel's tables; a busy one has thousands of others.
for table in /proc/net/tcp /proc/net/tcp6; do
  if [ -r "$table" ]; then awk 'FNR == 1 || $4 == "0A"' "$table"; fi
done
