# shellcheck shell=bash
# The form of a backup of Redis, for the one who writes it and the one who reads it.

KEY_FILE=${BACKUP_KEY_FILE:-$ROOT/.secrets/backup.key}
DIR=${BACKUP_DIR:-$ROOT/backups/redis}
ITERATIONS=600000

need_key() {
  [[ $dry || -s $KEY_FILE ]] || fail "no key in $KEY_FILE: scripts/backup-redis --make-key"
}

decrypt() { # FILE
  openssl enc -d -aes-256-cbc -pbkdf2 -iter "$ITERATIONS" -pass "file:$KEY_FILE" -in "$1"
}

newest_backup() { [[ ! -d $DIR ]] || find "$DIR" -name 'redis-*.rdb.enc' | sort | tail -n 1; }

redis_image() { inspect redis '{{.Config.Image}}'; }

check_rdb() { # FILE: how many keys are in it, and how many of them expire. What was decrypted is gone with the container.
  local said
  said=$(decrypt "$1" | docker run --rm -i --network none --entrypoint sh "$(redis_image)" -c 'cat >/tmp/dump.rdb && redis-check-rdb /tmp/dump.rdb') \
    || { echo "$said" >&2; return 1; }
  sed -nE 's/.*\] ([0-9]+) (keys read|expires).*/\1/p' <<<"$said" | xargs
}
