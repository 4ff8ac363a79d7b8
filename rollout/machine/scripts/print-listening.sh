# Prints every listening socket of this machine in the format of the kernel's tables. The tables list them first (Linux,
# Documentation/networking/proc_net_tcp.rst); a busy machine has thousands of others.
awk 'BEGIN {
  for (i = 1; i < ARGC; i++)
    for (lines = 0; (getline < ARGV[i]) > 0 && (lines == 0 || $4 == "0A"); lines++) print
}' /proc/net/tcp /proc/net/tcp6
