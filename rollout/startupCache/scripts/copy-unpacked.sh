# After startup-files.sh. copy_unpacked <directory of another host on the same machine> <release>: gives this host the unpacked
# files of the release that the other one has, and the dependencies that it shares. Fails if they are not what they were.
# shellcheck disable=SC2154 # Set by enter_release.
copy_unpacked() {
  from=$1/releases/$2/startup
  if copy_folder "$from" "$new" && copy_dependencies "$1/dependencies"; then mv "$new" startup && drop_unused && return 0; fi
  rm -rf "$new"
  return 1
}

# copy_dependencies <folder of all dependencies>: copies those of the files in $new.
# shellcheck disable=SC2154 # Set by enter_release.
copy_dependencies() {
  if [ ! -f "$new/dependencies" ]; then return 0; fi
  name=$(cat "$new/dependencies")
  mkdir -p "$shared"
  if are_what_they_were "$shared/$name"; then return 0; fi
  copy_folder "$1/$name" "$shared/.$name" && keep_dependencies "$shared/.$name" "$name"
}

# copy_folder <from> <to>: copies the files of a folder's list, and what is not in it because it is named after it.
copy_folder() {
  mkdir "$2" && (cd "$1" && { cut -c 67- sums; ls sums classpath 2> /dev/null; } | tar -cf - -T -) 2> /dev/null | (cd "$2" && tar -xf -) 2> /dev/null &&
    are_what_they_were "$2" && return 0
  rm -rf "$2"
  return 1
}
