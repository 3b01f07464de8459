#!/usr/bin/env bash
# Builds the image `fake-sendgrid` where no image registry is in reach: the Python image that the Dockerfile starts
# from is made of Debian packages. Packages come from where this machine's apt and pip fetch theirs.
#
#   sudo apt-get install docker.io debootstrap
#   sudo dockerd &                      # if none runs
#   sudo deploy/images/offline.sh       # again: only builds what changed
#   docker run --rm --read-only -p 127.0.0.1:8025:8025 -p 127.0.0.1:8026:8026 fake-sendgrid
#
# Without iptables: `dockerd --iptables=false --bridge=none`, and `--network host` in place of `-p`. The overlay
# storage driver is needed: what Docker 20.10 builds on vfs does not start (its programs are not found).
#
# Settings (environment variable, default):
#   DOCKER         docker                               a client with BuildKit
#   PYTHON_IMAGE   python:3.11-slim-bookworm            made only when absent, under this name
#   IMAGE          fake-sendgrid                        name of the result
#   CA_FILE        /etc/ssl/certs/ca-certificates.crt   trusted while packages are fetched, in no layer afterwards
#   MIRROR         what apt uses                        Debian archive for debootstrap
set -euo pipefail

SUITE=bookworm
DOCKER=${DOCKER:-docker}
PYTHON_IMAGE=${PYTHON_IMAGE:-python:3.11-slim-bookworm}
IMAGE=${IMAGE:-fake-sendgrid}
CA_FILE=${CA_FILE:-/etc/ssl/certs/ca-certificates.crt}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

fail() {
    echo "offline.sh: $1" >&2
    exit 2
}

find_mirror() {
    # shellcheck disable=SC2016  # apt fills these in
    apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk -v suite="$SUITE" '$1 == suite && $2 == "main" && !found { print $3; found = 1 }'
}

# Licences stay; manuals, translations and whatever speaks of this machine go.
strip_root() {
    find "$1/usr/share/doc" ! -type d ! -name copyright -delete
    rm -rf "$1"/usr/share/{man,info,locale,i18n} "$1"/var/lib/apt/lists/* "$1"/var/cache/{apt,debconf}/* "$1"/var/log/*
    rm -f "$1"/etc/apt/sources.list "$1"/etc/{hostname,hosts,resolv.conf}
    ln -s /usr/bin/python3 "$1/usr/local/bin/python"
}

make_python_image() {
    [[ $EUID -eq 0 ]] || fail "$PYTHON_IMAGE is absent and making it needs root; run this with sudo"
    command -v debootstrap >/dev/null || fail "debootstrap is missing; apt-get install debootstrap"
    local mirror=${MIRROR:-$(find_mirror)}
    [[ -n $mirror ]] || fail "apt knows no archive of $SUITE; name one in MIRROR"
    root=$(mktemp -d /var/tmp/python-image-XXXXXX) # not local: the trap reads it
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$SUITE" "$root" "$mirror" >"$root.log" ||
        fail "debootstrap failed; see $root.log"
    rm "$root.log"
    strip_root "$root"
    tar -C "$root" --numeric-owner --one-file-system -c . | "$DOCKER" import --change 'CMD ["python"]' - "$PYTHON_IMAGE"
}

[[ -r $CA_FILE ]] || fail "CA_FILE $CA_FILE cannot be read; name a PEM bundle"
"$DOCKER" version >/dev/null 2>&1 || fail "no docker daemon answers $DOCKER; start one (the head of $0 tells how)"
"$DOCKER" image inspect "$PYTHON_IMAGE" >/dev/null 2>&1 || make_python_image
DOCKER_BUILDKIT=1 "$DOCKER" build --network host --secret "id=ca,src=$CA_FILE" --build-arg "PYTHON_IMAGE=$PYTHON_IMAGE" \
    -f "$ROOT/deploy/images/fake_sendgrid.Dockerfile" -t "$IMAGE" "$ROOT"
"$DOCKER" image inspect --format "$IMAGE: {{.Size}} bytes" "$IMAGE"
