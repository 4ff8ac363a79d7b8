# $1 the folder of releases, $2 the uploaded file, $3 the size of the jar. Prints how many bytes are there already, if there
# is room for the rest.
mkdir -p "$1" || exit 1
held=0
if [ -f "$2" ]; then held=$(wc -c < "$2"); fi
require_space "$1" $(($3 - held)) || exit 1
echo "$held"
