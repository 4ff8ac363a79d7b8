# Makes $ACCOUNT, writes $UNITS, whose texts print_unit prints, enables $ENABLED and writes to $RULES that $DEPLOYER may run
# $RIGHTS.
make_account() {
  if ! id -u "$ACCOUNT" >/dev/null 2>&1; then
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$ACCOUNT"
  fi
}
# A unit without a suffix is a service.
file_of() {
  case $1 in
    *.path | *.timer) echo "/etc/systemd/system/$1" ;;
    *) echo "/etc/systemd/system/$1.service" ;;
  esac
}
# Replaces a unit only if it differs; running services are not restarted.
write_units() {
  nginx=$(command -v "$COMMAND")
  changed=""
  for unit in $UNITS; do
    file=$(file_of "$unit")
    if [ -e "$file" ] && ! grep -qxF "$MARK" "$file"; then
      echo "expected no unit of another program or stack, got $file" >&2
      exit 1
    fi
    print_unit "$unit" | sed "s|@nginx@|$nginx|" > "$file.rollgate"
    if cmp -s "$file.rollgate" "$file"; then
      rm "$file.rollgate"
    else
      chmod 0644 "$file.rollgate"
      mv "$file.rollgate" "$file"
      changed=yes
    fi
  done
  if [ -n "$changed" ]; then systemctl daemon-reload; fi
  for unit in $ENABLED; do
    systemctl --quiet enable "$(basename "$(file_of "$unit")")"
    case $unit in *-logs.timer) systemctl start "$unit" ;; esac
  done
}
# Copies the certificate that nginx's account cannot read, and starts what does so from now on; without one, removes that.
keep_certificate() {
  if [ -n "$CERTIFICATE" ]; then
    copy_certificate "$CERTIFICATE" "$CERTIFICATE_KEY" "$COPIES" "$ACCOUNT" "$(command -v "$COMMAND")"
    for unit in $WATCHERS; do systemctl restart "$unit"; done
  else
    drop_certificate
  fi
}
drop_certificate() {
  dropped=""
  for unit in $WATCHERS $COPIER; do
    file=$(file_of "$unit")
    if [ -e "$file" ] && grep -qxF "$MARK" "$file"; then
      case $unit in *.path | *.timer) systemctl --quiet disable --now "$unit" 2>/dev/null || : ;; esac
      rm -f "$file"
      dropped=yes
    fi
  done
  if [ -n "$dropped" ]; then
    systemctl daemon-reload
    rm -rf "$COPIES"
    rmdir "${COPIES%/*}" 2>/dev/null || :
  fi
}
# Allows exactly the commands of a roll, one on each line of $RIGHTS, without wildcards.
allow_commands() {
  [ "$DEPLOYER" != root ] || return 0
  {
    echo "# Written by rollgate: what a roll needs."
    printf '%s\n' "$RIGHTS" | sed "s|@nginx@|$(command -v "$COMMAND")|; s|^|$DEPLOYER ALL=(root) NOPASSWD: |"
  } > "$RULES.rollgate"
  chmod 0440 "$RULES.rollgate"
  visudo -c -q -f "$RULES.rollgate"
  mv "$RULES.rollgate" "$RULES"
}
