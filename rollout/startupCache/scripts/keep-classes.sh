# After sha256-of.sh. keep_classes <new file> <name> [<its SHA-256>]: gives an archive of classes its name, beside a file with
# its hash. Only such an archive has one of these numbers at its beginning, so nothing else that the deployer may read gets
# published.
keep_classes() {
  case $(head -c 4 "$1" | od -An -tx1 | tr -d ' \n') in
    a8ab0bf0 | f00baba8 | a2ab0bf0 | f00baba2) ;;
    *) echo "expected an archive of classes, got something else" >&2; return 1 ;;
  esac
  sum=${3:-$(sha256_of "$1")}
  [ -n "$sum" ] && rm -f "$2.sum" && echo "$sum" > "$2.sum" && chmod 444 "$1" "$2.sum" && mv -f "$1" "$2"
}
