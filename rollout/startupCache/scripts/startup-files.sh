# After sha256-of.sh.
# enter_release <directory of a host> <release> <suffix for temporary files>: goes into the folder of a release, and cleans up
# at the end, also what a dead deployer left behind. The time of that folder says when the release last became current.
enter_release() {
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  cd "$1/releases/$2" || exit 1
  shared=$1/dependencies new=".startup.$3" aside=".damaged.$3" folder=$(pwd)
  time=$(stat -c %Y .) || exit 1
  trap 'cd "$folder" && rm -rf .damaged.* "$shared"/.[!.]* "$shared"/*/.*.jsa.* && touch -d "@$time" .' EXIT
}

# are_what_they_were <folder>: whether the files of a folder are those of its list; openssl is faster, if it is there.
are_what_they_were() {
  [ -f "$1/sums" ] && (
    cd "$1" || exit 1
    cut -c 67- sums | tr '\n' '\000' | xargs -0 openssl dgst -sha256 -r 2> /dev/null | as_sums | cmp -s - sums || sha256sum -c sums > /dev/null 2>&1
  )
}

# as_sums: prints what openssl says of files as `sha256sum -c` reads it.
as_sums() {
  sed 's/^\([0-9a-f]*\) \*/\1  /'
}

# is_intact: whether the release's unpacked files are there and what they were, with the dependencies that it shares; otherwise
# none are left.
is_intact() {
  dependencies=$(cat startup/dependencies 2> /dev/null)
  if are_what_they_were startup && { [ -z "$dependencies" ] || are_what_they_were "$shared/$dependencies"; }; then return 0; fi
  # A JVM may have its files open.
  if [ -e startup ]; then mv startup "$aside" || exit 1; fi
  return 1
}

# require_room: whether the release's unpacked files would fit beside it.
require_room() {
  free=$(df -Pk . | awk 'NR == 2 { print $4 }')
  if [ "$free" -lt $(($(wc -c < app.jar) * 4 / 1024)) ]; then echo "no room to unpack it: $free KiB are free" >&2; exit 1; fi
}

# list_sums: writes the SHA-256 of each file in this folder to sums, as `sha256sum -c` reads it; openssl is faster, if it is
# there.
list_sums() {
  find . -type f ! -name 'sums*' -exec openssl dgst -sha256 -r {} + 2>/dev/null > sums.quick || find . -type f ! -name 'sums*' -exec sha256sum {} + > sums.quick || return 1
  as_sums < sums.quick | LC_ALL=C sort -k 2 > sums
  rm -f sums.quick
}

# keep_dependencies <folder> <name>: gives dependencies their name, unless those that have it are what they were.
keep_dependencies() {
  if are_what_they_were "$shared/$2"; then return 0; fi
  if [ -e "$shared/$2" ]; then mv "$shared/$2" "$shared/.damaged.$2.$$" || return 1; fi
  mv "$1" "$shared/$2"
}

# drop_unused: removes dependencies that no release has any more.
drop_unused() {
  for unused in "$shared"/*/; do
    unused=${unused%/}
    cat "$folder"/../*/startup/dependencies 2> /dev/null | grep -qxF "${unused##*/}" || rm -rf "$unused"
  done
}

# finish_unpacking <release> <time> <base>: gives the unpacked files in $new their name. Reads the main class and then, line by
# line, the dependencies that come first on the class path; without any, Java starts the release's own jar, which names the
# others. The time is that of the release's own files. The base is how the application names the host's folder.
#
# An archive of classes is good for a class path that begins with the one that it was made for, with files of the same size and
# time. So dependencies are named for what they are, and always have the same time.
finish_unpacking() {
  if [ ! -f "$new/app.jar" ]; then echo "expected an unpacked app.jar, found none" >&2; exit 1; fi
  own=$3/releases/$1/startup/app.jar
  (
    read -r main || exit 1
    cd "$new" && mkdir shared || exit 1
    while read -r jar; do mv "lib/$jar" shared/ && echo "$jar" >> shared/names || exit 1; done
    if [ ! -f shared/names ]; then rmdir shared && echo "-jar $own" > start; exit; fi
    find shared -type f -exec touch -d @946684800 {} + && (cd shared && list_sums) && name=$(sha256_of shared/sums) || exit 1
    name=$(printf %.16s "$name")
    path=$(sed "s|^|$3/dependencies/$name/|" shared/names | tr '\n' ':')
    echo "-cp ${path%:}" > shared/classpath
    echo "-cp $path$own $main" > start
    mkdir -p "$shared" && keep_dependencies shared "$name" && rm -rf shared && echo "$name" > dependencies
  ) || exit 1
  (cd "$new" && find . -type f -exec touch -d "@$2" {} + && list_sums) && mv "$new" startup || exit 1
  drop_unused
}
