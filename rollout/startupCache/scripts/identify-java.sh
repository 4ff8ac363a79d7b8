# After sha256-of.sh. identify_java <java>: sets home to its folder and build to what stands for exactly this Java, or to nothing if it can't use
# an archive of classes: it must be HotSpot 17 to 25, since later ones have not been tried.
identify_java() {
  build=""
  home=$(readlink -f "$1") && home=${home%/bin/java} && [ -f "$home/release" ] || return 0
  case $(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release") in
    17 | 18 | 19 | 20 | 21 | 22 | 23 | 24 | 25) ;;
    *) return 0 ;;
  esac
  if grep -qi openj9 "$home/release"; then return 0; fi
  build=$(sha256_of "$home/release") && build=$(printf %.12s "$build")
} 2>/dev/null

# is_whole <archive of classes>: whether it is there and has the hash that it was kept with. A JVM that maps a damaged one
# crashes.
is_whole() {
  [ -f "$1" ] && kept=$(cat "$1.sum") && [ "$(sha256_of "$1")" = "${kept%% *}" ]
} 2>/dev/null
