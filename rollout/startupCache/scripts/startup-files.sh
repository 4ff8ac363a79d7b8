# enter_release <directory of a host> <release> <suffix for temporary files>: goes into the folder of a release, and cleans up
# at the end, also what a dead deployer left behind. The time of that folder says when the release last became current.
enter_release() {
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  cd "$1/releases/$2" || exit 1
  new=".startup.$3" aside=".damaged.$3" folder=$(pwd)
  time=$(stat -c %Y .) || exit 1
  trap 'cd "$folder" && rm -rf .damaged.* startup/.*.jsa.* && touch -d "@$time" .' EXIT
}

# is_intact: whether the release's unpacked files are there and what they were; otherwise none are left.
is_intact() {
  if [ -f startup/sums ] && (cd startup && sha256sum -c sums > /dev/null 2>&1); then return 0; fi
  # A JVM may have its files open.
  if [ -e startup ]; then mv startup "$aside" || exit 1; fi
  return 1
}

# require_room: whether the release's unpacked files would fit beside it.
require_room() {
  free=$(df -Pk . | awk 'NR == 2 { print $4 }')
  if [ "$free" -lt $(($(wc -c < app.jar) * 4 / 1024)) ]; then echo "no room to unpack it: $free KiB are free" >&2; exit 1; fi
}

# list_sums: prints the SHA-256 of each file in this folder, as `sha256sum -c` reads it; openssl is faster, if it is there.
list_sums() {
  find . -type f ! -name 'sums*' -exec openssl dgst -sha256 -r {} + 2>/dev/null > sums.quick || find . -type f ! -name 'sums*' -exec sha256sum {} + > sums.quick || return 1
  sed 's/^\([0-9a-f]*\) \*/\1  /' sums.quick
  rm -f sums.quick
}

# finish_unpacking <time>: gives the unpacked files in $new that time and their name.
finish_unpacking() {
  if [ ! -f "$new/app.jar" ]; then echo "expected an unpacked app.jar, found none" >&2; exit 1; fi
  (cd "$new" && find . -type f -exec touch -d "@$1" {} + && list_sums > sums.new && mv sums.new sums) || exit 1
  mv "$new" startup || exit 1
}
