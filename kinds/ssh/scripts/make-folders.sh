# Creates $DIRECTORY as root, where $DEPLOYER may have put anything. If something exists, it is accepted as it is or
# rejected; links are never followed and nothing is changed. $SERVICE is the account that the service runs as.
# make_folder <owner> <group, or empty for the owner's> <mode> <path>
make_folder() {
  if [ ! -e "$4" ] && [ ! -L "$4" ]; then
    mkdir -m "$3" "$4"
    chown -h "$1:${2:-$(id -g "$1")}" "$4"
  fi
  require_folder "$1" "$4"
}
# require_folder <owner> <path>
require_folder() {
  if [ ! -L "$2" ] && [ -d "$2" ] && [ "$(stat -c %U "$2")" = "$1" ]; then return 0; fi
  echo "expected a folder owned by $1, got something else: $2" >&2
  exit 1
}
# Subfolders: $DEPLOYERS belong to the deployer, $SERVICES to the service; $SHARED the deployer can write, the service
# can read, and nobody else can access.
make_folders() {
  umask 022
  mkdir -p "${DIRECTORY%/*}"
  # Given to the deployer only once it is complete.
  [ -e "$DIRECTORY" ] || mkdir -m 0755 "$DIRECTORY"
  for name in $DEPLOYERS; do make_folder "$DEPLOYER" "" 0755 "$DIRECTORY/$name"; done
  # Files that the deployer creates there get the service's group.
  if [ "$SERVICE" = "$DEPLOYER" ]; then group=""; else group=$SERVICE; fi
  for name in $SHARED; do make_folder "$DEPLOYER" "$group" 2750 "$DIRECTORY/$name"; done
  for name in $SERVICES; do make_folder "$SERVICE" "" 0755 "$DIRECTORY/$name"; done
  if [ "$(stat -c %u "$DIRECTORY")" = "$(id -u)" ]; then chown -h "$DEPLOYER:" "$DIRECTORY"; fi
  require_folder "$DEPLOYER" "$DIRECTORY"
}
