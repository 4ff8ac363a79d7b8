# $1 the directory of a host, $2 b for its second slot, empty for the first. Sets pids to the processes that run a release
# from it in that slot. grep also finds itself and this shell, which have no -jar and no @.
pids=""
# shellcheck disable=SC2013 # The words are paths in /proc.
for file in $(grep -laF -e "$1/releases/" /proc/[0-9]*/cmdline 2>/dev/null); do
  pid=${file#/proc/}
  pid=${pid%/cmdline}
  # Passed in the environment: awk would interpret backslashes in a -v value.
  if tr '\000' '\n' 2>/dev/null < "$file" | folder="$1/releases/" slot="$2" awk '
    (archive && index($0, "@../releases/") == 1) || (before == "-jar" && index($0, ENVIRON["folder"]) == 1) { found = (slot == ENVIRON["slot"]); exit }
    $0 == "-Drollgate.slot=b" { slot = "b" }
    index($0, "-Drollgate.archive=" ENVIRON["folder"]) == 1 { archive = 1 }
    { before = $0 }
    END { exit !found }'; then pids="$pids $pid"; fi
done 2>/dev/null
