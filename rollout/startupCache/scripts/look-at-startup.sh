# After identify-java.sh and startup-files.sh. $1 the directory of a host, $2 a release, $3 what stands for Java and its options,
# $4 a suffix for temporary files. Prints missing if the release is not unpacked, or else unpacked if it can have no archive of
# classes, or the archive's name and there, wanted if it is to be made, or unpacked if not.
enter_release "$1" "$2" "$4"
rm -rf .startup.*
if ! is_intact; then echo missing; exit 0; fi
if [ -z "$dependencies" ]; then echo unpacked; exit 0; fi
name=$dependencies/$3
# shellcheck disable=SC2154 # Set by enter_release.
if is_whole "$shared/$name"; then echo "there $name"; elif [ -e "$shared/$name.wanted" ]; then echo "wanted $name"; else echo "unpacked $name"; fi
