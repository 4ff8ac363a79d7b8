# copy_certificate <certificate> <key> <folder> <account> <nginx>: as root, copies a certificate and its key to
# <folder>/current, where <account> can read both and everybody the certificate, if they have changed. Programs that renew
# certificates write one file after the other, so it waits until both belong together. nginx itself decides that.
copy_certificate() {
  umask 077
  mkdir -p "$3"
  chmod 0755 "${3%/*}" "$3"
  new=$(mktemp -d "$3/new.XXXXXX")
  tries=${TRIES:-20}
  # Nothing has changed, most of the time.
  if read_certificate "$1" "$2" "$new" >/dev/null 2>&1 && same_certificate "$new" "$3/current"; then
    rm -rf "$new"
    return 0
  fi
  until reason=$(take_certificate "$1" "$2" "$new" "$5" 2>&1); do
    tries=$((tries - 1))
    if [ $tries -le 0 ]; then
      rm -rf "$new"
      printf '%s\n' "$reason" >&2
      return 1
    fi
    sleep 0.5
  done
  for file in "$new"/*; do
    case ${file##*/} in certificate.pem | key.pem | source) ;; *) rm -rf "$file" ;; esac
  done
  chgrp "$(id -g "$4")" "$new/key.pem"
  chmod 0640 "$new/key.pem"
  chmod 0644 "$new/certificate.pem" "$new/source"
  chmod 0755 "$new"
  ln -s "${new##*/}" "$new.link"
  mv -T "$new.link" "$3/current"
  for old in "$3"/new.*; do
    [ "$old" = "$new" ] || rm -rf "$old"
  done
}
# take_certificate <certificate> <key> <folder> <nginx>: the last line that it prints says why it failed.
take_certificate() {
  read_certificate "$1" "$2" "$3" || return 1
  if grep -q ENCRYPTED "$3/key.pem"; then
    echo "expected a key without a passphrase, got an encrypted one: $2"
    return 1
  fi
  cat > "$3/probe.conf" <<END
pid probe.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen 127.0.0.1:65535 ssl;
        ssl_certificate "$3/certificate.pem";
        ssl_certificate_key "$3/key.pem";
    }
}
END
  if words=$("$4" -t -q -p "$3" -c "$3/probe.conf" 2>&1 </dev/null); then return 0; fi
  case $words in
    *"key values mismatch"*) echo "expected the key of $1, got another one: $2" ;;
    *"certificate key"*) echo "expected a private key in PEM, got something else: $2" ;;
    *"cannot load certificate"*) echo "expected a certificate in PEM, got something else: $1" ;;
    *) printf '%s\n' "$words" | grep -m 1 emerg ;;
  esac
  return 1
}
# read_certificate <certificate> <key> <folder>
read_certificate() {
  for file in "$1" "$2"; do
    if [ ! -f "$file" ]; then
      echo "expected a file on nginx's machine, found no $file"
      return 1
    fi
  done
  cat "$1" > "$3/certificate.pem" || return 1
  cat "$2" > "$3/key.pem" || return 1
  printf '%s\n%s\n' "$1" "$2" > "$3/source"
}
# same_certificate <folder> <folder>
same_certificate() {
  for file in certificate.pem key.pem source; do
    cmp -s "$1/$file" "$2/$file" || return 1
  done
}
