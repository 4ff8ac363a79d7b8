# Writes $INCLUDING, the file by which an nginx that is not ours includes our files. Its text is $INCLUDING_TEXT, and the
# first line of that $MARK.
write_including() {
  if [ -s "$INCLUDING" ] && ! is_included; then
    echo "expected no file of another program or stack, got $INCLUDING" >&2
    exit 1
  fi
  printf '%s\n' "$INCLUDING_TEXT" > "$INCLUDING"
  chmod 0644 "$INCLUDING"
}
# What it includes is gone by then, so nginx needs no reload.
remove_including() {
  if [ -n "$INCLUDING" ] && is_included; then rm -f "$INCLUDING"; fi
}
is_included() {
  [ "$(head -n 1 "$INCLUDING" 2>/dev/null)" = "$MARK" ]
}
