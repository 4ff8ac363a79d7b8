# record_when_asked <pid> <jcmd> <folder of the unpacked release> <work>: once the deployer asks for it, lets the JVM write
# its classes to a file in work, where the application's account may write and the deployer's may read. It runs beside the
# JVM, under its account, since nobody else may ask it; and it ends with it.
record_when_asked() {
  looked=0 file="$4/.classes.$1"
  while [ $looked -lt 4500 ] && kill -0 "$1"; do
    if [ -e "$3/ask.$1" ]; then
      rm -f "$file"
      "$2" -J-XX:+UseSerialGC -J-XX:TieredStopAtLevel=1 "$1" VM.cds dynamic_dump "$file.new" > "$file.said" 2>&1
      chmod 644 "$file.new" "$file.said"
      if [ -s "$file.new" ]; then mv "$file.new" "$file"; else mv "$file.said" "$file.failed"; fi
      while [ -e "$3/ask.$1" ] && kill -0 "$1"; do sleep 1; done
      rm -f "$file" "$file.new" "$file.new.temp" "$file.said" "$file.failed"
      return 0
    fi
    looked=$((looked + 1))
    # An application that is asked is up within minutes, mostly, and waits for this before it takes traffic.
    if [ $looked -lt 1500 ]; then sleep 0.2; else sleep 1; fi
  done
}
