# Debian keeps nginx in a directory that is often not on an account's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
