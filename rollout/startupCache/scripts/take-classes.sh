# After keep-classes.sh, in the folder of an unpacked release.
# take_classes <new file> <name> <SHA-256> <time>: checks an archive of classes from another host and keeps it. The time is
# that of the files that it was recorded with.
take_classes() {
  sum=$(sha256_of "$1") || return 1
  if [ "$sum" != "$3" ]; then echo "expected SHA-256 $3, got $sum" >&2; return 1; fi
  # Java compares the time of every file. Other archives were recorded with the old one.
  if [ "$(stat -c %Y app.jar)" != "$4" ]; then
    rm -f ./*.jsa
    find . -name '*.jar' -exec touch -d "@$4" {} + || return 1
  fi
  keep_classes "$1" "$2" "$sum"
}
