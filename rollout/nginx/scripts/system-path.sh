# Debian keeps nginx where the PATH of an account often does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
