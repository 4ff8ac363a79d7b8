# After newest.sh and before a script that changes something on the machine of a lease. $1 the folder of leases, $2 the
# generation that must be the newest, then the arguments of that script. Exits with 46 if there is a newer one, and prints
# it on standard error.
newest_in "$1"
# shellcheck disable=SC2154 # Set by newest_in.
if [ "$newest" != "$2" ]; then
  print_newest "$1" >&2
  exit 46
fi
shift 2
