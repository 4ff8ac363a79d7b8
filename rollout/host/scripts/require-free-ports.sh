# $@ ports, as in the kernel's tables. Exits with 47 if anything listens at one of them, whatever the address.
for port; do
  if grep -qsE "^ *[0-9]+: [0-9A-F]+:$port [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6; then exit 47; fi
done
