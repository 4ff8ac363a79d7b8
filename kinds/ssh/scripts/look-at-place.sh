# After print_listening was defined. $1 the folder of a host or of nginx. $2 and $3 the ports of a host in the kernel's notation, or
# empty. Says whether the folder is there, or else whether anything listens at one of the ports; what follows this script runs
# only if neither is so.
if [ -d "$1" ]; then
  echo there
  exit 0
fi
if [ -n "$2" ]; then
  case $(print_listening 2>/dev/null) in
    *":$2 "* | *":$3 "*)
      echo taken
      exit 0
      ;;
  esac
fi
echo new
