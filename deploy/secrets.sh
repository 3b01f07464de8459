#!/usr/bin/env bash
# Makes the secrets of docker-compose.yml in secrets/: random ones, once; what is there stays. No argument, or `demo`.
#
#   deploy/secrets.sh        then write SendGrid's two into secrets/sendgrid_api_key and secrets/webhook_public_key,
#                            and a real certificate over secrets/tls_certificate and secrets/tls_key
#   deploy/secrets.sh demo   those of the fake SendGrid, for `--profile demo`
#
# Settings (environment variable, default):
#   SECRETS          secrets     the folder, seen from the project's
#   STEADYPOST_SITE  localhost   the name in the certificate
#
# The folder is closed to everybody else; the files in it are readable, since each container's own user reads them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
SITE=${STEADYPOST_SITE:-localhost}
SECRETS=${SECRETS:-secrets}
umask 022
install -d -m 700 "$SECRETS"

fail() {
    echo "secrets.sh: $1" >&2
    exit 2
}

# write NAME: standard input becomes the secret, unless there is one.
write() {
    if [[ -s $SECRETS/$1 ]]; then cat >/dev/null; else cat >"$SECRETS/$1"; fi
}

make_password() {
    openssl rand -hex 24 | write "$1"
}

hash_of() {
    tr -d '\n' <"$SECRETS/$1" | sha256sum | cut -d ' ' -f 1
}

# Each role reaches the keys and commands that it needs, and none may change or look into the server. Nobody can be
# `default`, which is off; it keeps its rights because Redis loads its file as that user, and would leave out every
# transaction of it.
make_redis_users() {
    local safe='-@admin -@dangerous'
    cat <<ACL
user default off resetpass ~* &* +@all
user health on nopass resetkeys resetchannels -@all +ping
user worker on #$(hash_of redis_worker_password) ~* &* +@all $safe +info
user beat on #$(hash_of redis_beat_password) ~redbeat* ~orchestrator* ~_kombu.* &* +@all $safe +info
user web on #$(hash_of redis_web_password) ~tracking* ~_kombu.* %R~* &* +@all $safe +info
user flower on #$(hash_of redis_flower_password) ~* &* +@all $safe +info
ACL
}

make_certificate() {
    [[ ! -s $SECRETS/tls_certificate ]] || return 0
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=$SITE" \
        -addext "subjectAltName=DNS:$SITE,DNS:proxy,DNS:localhost" \
        -keyout "$SECRETS/tls_key" -out "$SECRETS/tls_certificate" 2>/dev/null
    chmod 644 "$SECRETS/tls_key"
}

make_fake_ones() {
    openssl rand -hex 24 | sed 's/^/SG.demo./' | write sendgrid_api_key
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | write fake_signing_key
    openssl pkey -in "$SECRETS/fake_signing_key" -pubout -outform DER | base64 -w 0 | write webhook_public_key
}

command -v openssl >/dev/null || fail "openssl is missing; install it"
for name in postgres_password postgres_owner_password postgres_app_password postgres_read_password \
    redis_worker_password redis_beat_password redis_web_password redis_flower_password flower_password \
    grafana_password link_key; do
    make_password "$name"
done
make_redis_users | write redis_acl
make_certificate
[[ -e $SECRETS/alert_webhook_url ]] || echo http://127.0.0.1:9/nobody-is-told >"$SECRETS/alert_webhook_url"
case ${1:-} in
    demo) make_fake_ones ;;
    '') touch "$SECRETS"/{sendgrid_api_key,webhook_public_key} ;;
    *) fail "no kind of secrets is called '$1'; give no argument, or demo" ;;
esac
for name in sendgrid_api_key webhook_public_key; do
    [[ -s $SECRETS/$name ]] || echo "secrets.sh: write the one that SendGrid shows into $SECRETS/$name" >&2
done
