# After listening was set to what print-listening.sh prints. $5 and $6 ports in the kernel's notation, or empty. Ends if nothing
# listens at either of them: whatever runs here then, nobody has them.
# shellcheck disable=SC2154 # Set before.
case $5,$listening in
  ,* | *":$5 "* | *":$6 "*) ;;
  *) exit 0 ;;
esac
