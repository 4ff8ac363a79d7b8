# After system-path.sh and reason-in.sh. $1 nginx's executable, $2 what stands in configurations for its own folder of
# modules, then configurations. Prints what nginx says of its build and an empty line; exits with 44 if there is no nginx,
# and with 43 if it does not say. Then tests each configuration in a folder that is removed afterwards, and prints a line for
# it: accepted, or why it is not. All but the first are alternatives: the first of them that is accepted is the last one
# tested.
executable=$1
placeholder=$2
shift 2
command -v "$executable" >/dev/null || exit 44
if ! build=$("$executable" -V 2>&1); then
  printf '%s\n' "$build" >&2
  exit 43
fi
printf '%s\n\n' "$build"
modules=$(printf '%s\n' "$build" | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p' | head -n 1)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
is_first=yes
own=""
for configuration; do
  case $configuration in
    *"$placeholder"*)
      own="${configuration%%"$placeholder"*}$modules${configuration#*"$placeholder"}"
      configuration=$own
      ;;
    "$own")
      # One of the usual folders.
      echo rejected
      continue
      ;;
  esac
  printf '%s' "$configuration" > "$folder/probe.conf" || exit 1
  if words=$("$executable" -p "$folder" -c "$folder/probe.conf" -t -q 2>&1); then
    echo accepted
    [ -n "$is_first" ] || exit 0
  else
    echo "rejected $(reason_in "$words")"
  fi
  is_first=""
done
