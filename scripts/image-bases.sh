#!/bin/bash
# Makes a base of the image where no registry can be reached: image-bases.sh podman NAME
#   debian:bookworm-slim      by mmdebstrap, with what Debian's own has
#   node:20-bookworm-slim     that, with this machine's node and npm
#   rust:1-bookworm           that, with a compiler for C and this machine's Rust
set -euo pipefail

run=${1:?usage: image-bases.sh RUNNER NAME} name=${2:?usage: image-bases.sh RUNNER NAME}
echo "No registry has $name: making it from packages"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $name in
debian:bookworm-slim)
    command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 69; }
    options=(--dpkgopt='path-include=/usr/share/doc/*/copyright')
    for left_out in man doc info locale lintian linda groff; do
        options=(--dpkgopt="path-exclude=/usr/share/$left_out/*" "${options[@]}")
    done
    mmdebstrap --quiet --variant=minbase --include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
        "${options[@]}" --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/var/log/*' \
        bookworm "$work/base.tar" "$(ls /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -1)"
    $run import -q "$work/base.tar" docker.io/library/debian:bookworm-slim
    ;;
node:20-bookworm-slim)
    mkdir -p "$work/bin" "$work/certs"
    cp "$(readlink -f "$(command -v node)")" "$work/bin/node"
    cp -rL "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$work/npm"
    printf '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n' >"$work/bin/npm"
    chmod +x "$work/bin/npm"
    # Whom this machine trusts and where its npm gets packages, for a network with rules of its own. The rest of npm's
    # settings stays here: tokens are among them.
    printf 'registry=%s\ncafile=/etc/ssl/certs/ca-certificates.crt\n' "$(npm config get registry)" >"$work/npmrc"
    cp /etc/ssl/certs/ca-certificates.crt "$work/certs/" 2>/dev/null || true
    cat >"$work/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim
COPY bin /usr/local/bin
COPY npm /usr/local/lib/node_modules/npm
COPY certs /etc/ssl/certs
COPY npmrc /usr/local/etc/npmrc
DOCKERFILE
    $run build -q --tag docker.io/library/node:20-bookworm-slim "$work"
    ;;
rust:1-bookworm)
    mkdir -p "$work/certs" "$work/rust"
    cp -a "$(rustc --print sysroot)"/{bin,lib} "$work/rust"
    cp /etc/ssl/certs/ca-certificates.crt "$work/certs/" 2>/dev/null || true
    # A build that is only to be tried out need not be optimised: GATEHAND_IMAGE_QUICK=yes.
    quick=
    [ -z "${GATEHAND_IMAGE_QUICK:-}" ] || quick="CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=64"
    cat >"$work/Dockerfile" <<DOCKERFILE
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends g++ make libc6-dev && rm -rf /var/lib/apt/lists/*
COPY certs /etc/ssl/certs
COPY rust /usr/local
ENV CARGO_HOME=/usr/local/cargo $quick
DOCKERFILE
    $run build -q --tag docker.io/library/rust:1-bookworm "$work"
    ;;
*)
    echo "image-bases.sh: $name is none that is made here" >&2
    exit 64
    ;;
esac
