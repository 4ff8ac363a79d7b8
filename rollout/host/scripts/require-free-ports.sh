# After listening was set to what print-listening.sh prints. $@ ports, as in the kernel's tables. Exits with 47 if anything
# listens at one of them, whatever the address.
# shellcheck disable=SC2154 # Set before.
for port; do
  case $listening in *":$port "*) exit 47 ;; esac
done
