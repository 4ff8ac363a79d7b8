# $1 the file to append standard input to. If the connection breaks, the part is kept for resuming; if the disk is full, it
# is removed.
umask 022
cat >> "$1" || { rm -f "$1"; exit 1; }
