# After identify-java.sh and record-when-asked.sh. $java the Java to start, $release the folder of the release, $archive its
# archive, $work the working directory, $options what stands for the JVM options. Sets the arguments to the options that
# start it: from its unpacked files if it has them, with their classes if these were recorded by the same Java.
# shellcheck disable=SC2154 # Set before it, or by identify_java.
set -- -jar "$archive"
if [ -f "$release/startup/app.jar" ]; then
  identify_java "$java"
  # Left behind if the application was stopped just after it had recorded its classes.
  rm -f "$work"/.classes.*
  # An archive of classes is only good for the path that it was recorded with, so the path is the same on every host.
  set -- "-Drollgate.archive=$archive" -jar "../releases/${release##*/}/startup/app.jar"
  classes="$release/startup/$options-$build.jsa"
  # What the JVM says of an archive that it can't use would be the first lines of the application's log.
  if [ -n "$build" ] && is_whole "$classes"; then
    set -- "-XX:SharedArchiveFile=$classes" -Xlog:cds=off -Xlog:cds+dynamic=off "$@"
  elif [ -n "$build" ] && [ -x "$home/bin/jcmd" ]; then
    set -- -XX:+RecordDynamicDumpInfo -Xlog:cds=off -Xlog:cds+dynamic=off "$@"
    # Not a child of the JVM, which would not notice its end.
    (record_when_asked $$ "$home/bin/jcmd" "$release/startup" "$work" > /dev/null 2>&1 < /dev/null &)
  fi
fi
