import { NOT_THERE } from "../machine/machine.ts";

// POSIX shell, with what coreutils and busybox share. `$1` is always the directory of the host. Each may run twice
// with the same arguments: a machine runs a script again whose connection broke.

/** `current <id>`, `good <json>` and `release <id>`, a line each. */
export const describe = `
cd "$1" 2>/dev/null || exit 0
if [ -L current ]; then current=$(readlink current); echo "current \${current##*/}"; fi
if [ -e good.json ]; then printf 'good '; cat good.json; echo; fi
for jar in releases/*/app.[jw]ar; do
  if [ -e "$jar" ]; then id=\${jar%/*}; echo "release \${id##*/}"; fi
done`;

/** `$2` the release, `$3` the name of its archive: the SHA-256 of that. */
export const hash = `
jar="$1/releases/$2/$3"
[ -e "$jar" ] || exit ${NOT_THERE}
sum=$(sha256sum < "$jar") && echo "\${sum%% *}"`;

/** `$2` the release, `$3` a word of its own. A busybox before 1.33 has no `mv -T`, and there is no link for a moment. */
export const switchTo = `
set -e
[ -d "$1/releases/$2" ] || { echo "there is no release $2" >&2; exit 1; }
trap 'rm -f "$1/.current.$3"' EXIT
touch "$1/releases/$2"
ln -sfn "releases/$2" "$1/.current.$3"
mv -T "$1/.current.$3" "$1/current" 2>/dev/null || { rm -f "$1/current"; mv "$1/.current.$3" "$1/current"; }`;

/**
 * `$2` the file, `$3` the umask of its folder and itself, `$4` a word of its own, `$5` how many bytes it will have: an
 * input that was cut off is none. A reader sees the old file or the new one.
 */
export const write = `
set -e
umask "$3"
file="$1/$2"
trap 'rm -f "$file.$4"' EXIT
mkdir -p "\${file%/*}"
cat > "$file.$4"
[ "$(wc -c < "$file.$4")" -eq "$5" ] || { echo "$2 did not come over whole" >&2; exit 1; }
mv "$file.$4" "$file"`;

/** `$2` the file. */
export const read = `
[ -f "$1/$2" ] || exit ${NOT_THERE}
cat "$1/$2"`;

/** The releases, those that became current last first; after a line that no file is called, the launches, youngest first. */
export const list = `
cd "$1"
ls -1t releases 2>/dev/null
echo /
ls -1t launches 2>/dev/null
exit 0`;

/** `$2`, … relative paths; and everything that an interrupted staging left. */
export const remove = `
cd "$1" || exit 1
shift
if [ $# -gt 0 ]; then rm -rf -- "$@"; fi
rm -rf releases/.[!.]*`;
