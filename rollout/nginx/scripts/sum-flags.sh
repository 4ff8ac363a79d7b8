# After forget-sum.sh, in the folder of the flags. Leaves an empty file named after the hash of the raised flags' names,
# which spares nginx the look at each of them. If another deployer changes a flag meanwhile, it removes the file in the
# making, and nothing is left to be renamed.
forget_sum || exit 1
[ ! -e ../close-connections ] || exit 0
# As unique as what mktemp makes, without a process.
{ read -r id < /proc/sys/kernel/random/uuid && making=.making.$id && true > "$making"; } 2>/dev/null || exit 0
LC_ALL=C
export LC_ALL
set -- *
[ -e "$1" ] || shift
sum=$({ [ $# = 0 ] || printf '%s\n' "$@"; } | sha256sum 2>/dev/null)
mv "$making" ".sum.${sum%% *}" 2>/dev/null
exit 0
