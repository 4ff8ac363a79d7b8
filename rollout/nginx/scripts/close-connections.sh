# $1 nginx's folder. The sum of the flags doesn't cover this one, so there is none until it is gone.
cd "$1" && rm -f drained/.sum.* && : > close-connections && rm -f drained/.sum.* drained/.making.*
