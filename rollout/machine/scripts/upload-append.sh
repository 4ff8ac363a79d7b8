# $1 the file that takes a jar in, from standard input. What came over is kept when the connection breaks, and goes when
# there is no space for more.
umask 022
cat >> "$1" || { rm -f "$1"; exit 1; }
