# After identify-java.sh. $java the Java to start, $release the folder of the release, $archive its archive, $work the working
# directory, $options what stands for the JVM options. Sets the arguments to the options that start it: from its unpacked files
# if it has them, with the classes of its dependencies if there is an archive of them for the same Java.
# shellcheck disable=SC2154 # Set before it, or by identify_java.
set -- -jar "$archive"
if [ -f "$release/startup/start" ]; then
  set -- "-Drollgate.archive=$archive" "@../releases/${release##*/}/startup/start"
  if [ -f "$release/startup/dependencies" ]; then
    identify_java "$java"
    # Of applications that have ended.
    rm -f "$work"/.classes.*
    classes="${release%/*/*}/dependencies/$(cat "$release/startup/dependencies")/$options-$build.jsa"
    # What the JVM says of an archive that it can't use would be the first lines of the application's log.
    if [ -n "$build" ] && is_whole "$classes"; then
      set -- "-XX:SharedArchiveFile=$classes" -Xlog:cds=off -Xlog:cds+dynamic=off "$@"
    # The deployer has to read it.
    elif [ -n "$build" ] && (umask 022 && : > "$work/.classes.$$"); then
      set -- "-XX:DumpLoadedClassList=$work/.classes.$$" -Xlog:cds=off -Xlog:cds+dynamic=off "$@"
    fi
  fi
fi
