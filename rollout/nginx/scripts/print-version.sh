# After system-path.sh. $1 nginx's executable. Prints what it says of its build; exits with 44 if there is none.
command -v "$1" >/dev/null || exit 44
"$1" -V 2>&1
