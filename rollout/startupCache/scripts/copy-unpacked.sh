# After startup-files.sh. copy_unpacked <directory of another host on the same machine> <release>: copies the release's unpacked
# files from there to $new, and fails if they are not what they were.
copy_unpacked() {
  from=$1/releases/$2/startup
  # shellcheck disable=SC2154 # Set by enter_release.
  mkdir "$new" && (cd "$from" && cut -c 67- sums | tar -cf - -T -) 2>/dev/null | tar -xf - -C "$new" 2>/dev/null &&
    (cd "$new" && list_sums | sort > sums.copied && sort "$from/sums" | cmp -s - sums.copied && rm sums.copied) && return 0
  rm -rf "$new"
  return 1
}
