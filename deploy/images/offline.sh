#!/usr/bin/env bash
# Builds every image that docker-compose.yml starts where no image registry is in reach: the bases are made of Debian
# packages, and the official images have stand-ins of the same names. Packages come from where this machine's apt and
# pip fetch theirs.
#
#   sudo apt-get install docker.io debootstrap
#   sudo dockerd &                      # if none runs
#   sudo deploy/images/offline.sh       # all images; again: only builds what changed
#   sudo deploy/images/offline.sh fake  # or some of: fake application servers versions
#   docker run --rm --read-only -p 127.0.0.1:8025:8025 -p 127.0.0.1:8026:8026 fake-sendgrid
#
# Without iptables: `dockerd --iptables=false --bridge=none`, and `--network host` in place of `-p`. The overlay
# storage driver is needed: what Docker 20.10 builds on vfs does not start (its programs are not found).
#
# Settings (environment variable, default):
#   DOCKER         docker                               a client with BuildKit (newer ones need their plugin buildx)
#   PYTHON_IMAGE   python:3.11-slim-bookworm            made only when absent, under this name
#   DEBIAN_IMAGE   debian:trixie-slim                   same, for the servers
#   OLDER_IMAGE    debian:bookworm-slim                 same, for the older versions that only tests run against
#   IMAGE          fake-sendgrid                        name of the fake's image
#   VERSION        that of pyproject.toml               tag of our images
#   CA_FILE        /etc/ssl/certs/ca-certificates.crt   trusted while packages are fetched, in no layer afterwards
#   MIRROR         what apt uses                        Debian archive for debootstrap
set -euo pipefail

DOCKER=${DOCKER:-docker}
PYTHON_IMAGE=${PYTHON_IMAGE:-python:3.11-slim-bookworm}
DEBIAN_IMAGE=${DEBIAN_IMAGE:-debian:trixie-slim}
OLDER_IMAGE=${OLDER_IMAGE:-debian:bookworm-slim}
IMAGE=${IMAGE:-fake-sendgrid}
CA_FILE=${CA_FILE:-/etc/ssl/certs/ca-certificates.crt}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VERSION=${VERSION:-$(sed -n 's/^version = "\(.*\)"$/\1/p' "$ROOT/pyproject.toml")}
# The names that docker-compose.yml uses, and the stages of stand_ins.Dockerfile that stand for them.
declare -A SERVERS=(
    [postgres]=postgres:17
    [redis]=redis:8.0
    [nginx]=nginx:1.26
    [prometheus]=prom/prometheus:v2.53.3
    [alertmanager]=prom/alertmanager:v0.28.1
)

fail() {
    echo "offline.sh: $1" >&2
    exit 2
}

is_absent() {
    ! "$DOCKER" image inspect "$1" >/dev/null 2>&1
}

find_mirror() {
    # shellcheck disable=SC2016  # apt fills these in
    apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 ~ /^(bookworm|trixie)$/ && $2 == "main" && !found { print $3; found = 1 }'
}

# Licences stay; manuals, translations and whatever speaks of this machine go.
strip_root() {
    find "$1/usr/share/doc" ! -type d ! -name copyright -delete
    rm -rf "$1"/usr/share/{man,info,locale,i18n} "$1"/var/lib/apt/lists/* "$1"/var/cache/{apt,debconf}/* "$1"/var/log/*
    rm -f "$1"/etc/{hostname,hosts,resolv.conf}
}

# make_base IMAGE SUITE PACKAGES PREPARE COMMAND
make_base() {
    [[ $EUID -eq 0 ]] || fail "$1 is absent and making it needs root; run this with sudo"
    command -v debootstrap >/dev/null || fail "debootstrap is missing; apt-get install debootstrap"
    local mirror=${MIRROR:-$(find_mirror)}
    [[ -n $mirror ]] || fail "apt knows no Debian archive; name one in MIRROR"
    root=$(mktemp -d /var/tmp/base-image-XXXXXX) # not local: the trap reads it
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase --include="$3" "$2" "$root" "$mirror" >"$root.log" ||
        fail "debootstrap failed; see $root.log"
    rm "$root.log"
    strip_root "$root"
    "$4" "$root"
    tar -C "$root" --numeric-owner --one-file-system -c . | "$DOCKER" import --change "CMD [\"$5\"]" - "$1"
    rm -rf "$root"
}

prepare_python() {
    rm -f "$1/etc/apt/sources.list"
    ln -s /usr/bin/python3 "$1/usr/local/bin/python"
}

need_python() {
    ! is_absent "$PYTHON_IMAGE" ||
        make_base "$PYTHON_IMAGE" bookworm python3,python3-venv,ca-certificates prepare_python python
}

# The images of docker-compose.yml.
name_of() {
    if [[ $1 == production ]]; then echo steadypost; else echo "steadypost-$1"; fi
}

# build TAG DOCKERFILE [options]
build() {
    DOCKER_BUILDKIT=1 "$DOCKER" build --network host --secret "id=ca,src=$CA_FILE" -f "$ROOT/$2" -t "$1" "${@:3}" "$ROOT"
    "$DOCKER" image inspect --format "$1: {{.Size}} bytes" "$1"
}

build_fake() {
    need_python
    build "$IMAGE" deploy/images/fake_sendgrid.Dockerfile --build-arg "PYTHON_IMAGE=$PYTHON_IMAGE"
    "$DOCKER" tag "$IMAGE" "fake-sendgrid:$VERSION"
}

build_application() {
    need_python
    local target
    for target in production trainer demo; do
        build "$(name_of "$target"):$VERSION" Dockerfile --build-arg "PYTHON_IMAGE=$PYTHON_IMAGE" --target "$target"
    done
}

build_servers() {
    need_debian "$DEBIAN_IMAGE" trixie
    local stage
    for stage in "${!SERVERS[@]}"; do
        stand_in "${SERVERS[$stage]}" "$stage" "$DEBIAN_IMAGE"
    done
}

# What the tests of several versions run against (pytest --stack=containers --postgres-image=… --redis-image=…).
build_versions() {
    need_debian "$DEBIAN_IMAGE" trixie
    need_debian "$OLDER_IMAGE" bookworm
    stand_in valkey/valkey:8.1 valkey "$DEBIAN_IMAGE"
    stand_in redis:7.0 redis "$OLDER_IMAGE"
    stand_in postgres:15 postgres "$OLDER_IMAGE" --build-arg POSTGRES_VERSION=15
}

need_debian() {
    ! is_absent "$1" || make_base "$1" "$2" ca-certificates true bash
}

# stand_in TAG STAGE BASE [options]; a pulled official image keeps its name.
stand_in() {
    [[ -n $("$DOCKER" image inspect --format '{{join .RepoDigests " "}}' "$1" 2>/dev/null) ]] ||
        build "$1" deploy/images/stand_ins.Dockerfile --build-arg "DEBIAN_IMAGE=$3" --target "$2" "${@:4}"
}

[[ -r $CA_FILE ]] || fail "CA_FILE $CA_FILE cannot be read; name a PEM bundle"
"$DOCKER" version >/dev/null 2>&1 || fail "no docker daemon answers $DOCKER; start one (the head of $0 tells how)"
# The client of 20.10 knows BuildKit itself and has no plugin to ask for.
if "$DOCKER" --version | grep -qvE ' (19|20)\.' && ! "$DOCKER" buildx version >/dev/null 2>&1; then
    fail "$DOCKER has no plugin buildx; install docker-buildx, or name Debian's own client: DOCKER=/usr/bin/docker"
fi
for part in "${@:-fake application servers}"; do
    for name in $part; do
        case $name in
            fake | application | servers | versions) "build_$name" ;;
            *) fail "no part is called '$name'; the parts are: fake application servers versions" ;;
        esac
    done
done
