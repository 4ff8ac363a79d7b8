# await_java <pid> <jar>: waits until the process has become the JVM that runs the jar, or has ended.
await_java() {
  looked=0
  while [ $looked -lt 200 ] && [ -e "/proc/$1" ]; do
    if tr '\000' '\n' 2>/dev/null < "/proc/$1/cmdline" | grep -qxF -e "$2" -e "-Drollgate.archive=$2"; then return 0; fi
    if is_zombie "$1"; then return 0; fi
    looked=$((looked + 1))
    sleep 0.02
  done
} 2>/dev/null
