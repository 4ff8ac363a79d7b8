# $1 the directory of a host, $2 the folder of a task in it, $3 how many bytes of its output are known. Prints how the task
# ended, or an empty line, and then what follows in its output, in base64.
cd "$1/$2" || exit 1
# Looked at first, so that the output is complete if it is there.
how=""
if [ -e ended ]; then read -r how < ended; fi
echo "$how"
if [ -e output ]; then tail -c "+$(($3 + 1))" output | head -c 49152 | base64 | tr -d '\n'; fi
echo
