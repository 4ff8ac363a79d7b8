# sha256_of <file>: prints its SHA-256. openssl, which not every machine has, uses what processors have for it and is several
# times as fast as the command of coreutils.
sha256_of() {
  hashed=$({ openssl dgst -sha256 -r < "$1"; } 2>/dev/null) || hashed=$(sha256sum < "$1") || return 1
  echo "${hashed%% *}"
}
