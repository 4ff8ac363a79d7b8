# After keep-classes.sh, in the folder of dependencies.
# take_classes <new file> <name> <SHA-256>: checks an archive of classes from another host and keeps it.
take_classes() {
  sum=$(sha256_of "$1") || return 1
  if [ "$sum" != "$3" ]; then echo "expected SHA-256 $3, got $sum" >&2; return 1; fi
  keep_classes "$1" "$2" "$sum"
}
