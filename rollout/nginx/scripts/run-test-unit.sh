# After with-rights.sh and before say-why.sh. $1 the file with what nginx says, then the command to start the test unit.
said=$1
shift
if with_rights "$@" 2>/dev/null; then exit 0; fi
# shellcheck disable=SC2034 # For say-why.sh.
words=$(cat "$said")
