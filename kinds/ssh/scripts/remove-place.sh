# Removes $DIRECTORY, $UNITS, $RULES and $ACCOUNT, which is empty without systemd.
remove_place() {
  # Still serving: its host is moving, or was only dropped from the program.
  for file in $IN_USE; do
    if [ -e "$DIRECTORY/$file" ]; then
      echo "$DIRECTORY is still in use and was left as it is"
      return 0
    fi
  done
  if [ -n "$ACCOUNT" ]; then
    for unit in $UNITS; do
      file=$(file_of "$unit")
      if [ -e "$file" ] && ! grep -qxF "$MARK" "$file"; then return 0; fi
    done
    for unit in $ENABLED; do
      systemctl --quiet disable --now "$(basename "$(file_of "$unit")")" 2>/dev/null || :
    done
    if [ -n "$COPIER" ]; then drop_certificate; fi
    for unit in $UNITS; do rm -f "$(file_of "$unit")"; done
    rm -f "$RULES"
    systemctl daemon-reload
  elif [ -n "$RIGHTS" ]; then
    rm -f "$RULES"
  fi
  remove_including
  keep_work
  rm -rf "$DIRECTORY"
  # Parent folders are removed once they are empty.
  printf '%s\n' "$PARENTS" | while IFS= read -r parent; do rmdir "$parent" 2>/dev/null || :; done
  # Other hosts of the stack on this server may use the account.
  if [ -n "$ACCOUNT" ] && ! grep -qsx "User=$ACCOUNT" /etc/systemd/system/*.service; then
    userdel "$ACCOUNT" 2>/dev/null || :
  fi
}
# Keeps what the application wrote, owned by root, where a new host of the same name won't find it.
keep_work() {
  work=$DIRECTORY/work
  # Where an application lists its classes.
  if [ -d "$work" ] && [ ! -L "$work" ]; then rm -f "$work"/.classes.*; fi
  if [ -L "$work" ] || [ -z "$(ls -A "$work" 2>/dev/null)" ]; then return 0; fi
  # An earlier removal may have kept files too.
  first=$DIRECTORY.work kept=$DIRECTORY.work number=0
  while [ -e "$kept" ] || [ -L "$kept" ]; do
    number=$((number + 1))
    kept=$first.$number
  done
  mv "$work" "$kept"
  if [ -n "$ACCOUNT" ]; then chown -R -h root: "$kept"; fi
  echo "the application's files are kept in $kept"
}
