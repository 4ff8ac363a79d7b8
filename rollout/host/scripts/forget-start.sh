# Before a script that stops what runs in a slot. $1 the directory of its host, $2 and $3 the files in it that a start needs,
# then the arguments of that script. The files go first: whatever happens then, nothing starts there again.
{ cd "$1" && rm -f -- "$2" "$3" && cd /; } || exit 1
shift 3
