#!/bin/bash
# Builds the image and tests it.
#   scripts/image.sh build [TARGET [OPTION...]]   builds gatehand:TARGET (demo unless told), with more options of the builder
#   scripts/image.sh test [TEST...]               builds the demo target and runs tests/image against it
# Uses Docker where a daemon answers, else podman. The binary is compiled here, not in the image's build: it is the same
# Debian, and the crates are compiled already; GATEHAND_IMAGE_PROFILE=dev takes the one that the tests are compiled with.
# Where no registry can be reached the bases are made from Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}

if docker info >/dev/null 2>&1; then
    run=docker
elif command -v podman >/dev/null; then
    run=podman
    # crun refuses machines with both versions of control groups; and without CAP_SYS_RESOURCE no limit can be raised.
    export CONTAINERS_CONF=$PWD/target/image/containers.conf
    mkdir -p target/image
    cat >"$CONTAINERS_CONF" <<CONF
[engine]
runtime = "$(basename "$(command -v runc || command -v crun)")"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=8192:8192"]
CONF
    # Only this format keeps the health check.
    export BUILDAH_FORMAT=docker
else
    echo "scripts/image.sh: neither a Docker daemon nor podman is here: apt-get install podman buildah runc" >&2
    exit 69
fi

# base NAME: pulls it, or makes what stands in for it.
base() {
    $run image inspect "$1" >/dev/null 2>&1 || $run pull -q "$1" >/dev/null 2>&1 || scripts/image-bases.sh "$run" "$1"
}

build() {
    local wanted=${1:-demo}
    [ $# -gt 0 ] && shift
    base debian:bookworm-slim
    base node:20-bookworm-slim
    mkdir -p target/image
    case ${GATEHAND_IMAGE_PROFILE:-release} in
    release)
        cargo build --release --locked --bin gatehand
        cp "$target/release/gatehand" target/image/gatehand
        ;;
    dev)
        # With the features of all targets, as the tests have them: no crate is compiled twice.
        cargo test --workspace --locked --no-run --test image
        strip --strip-debug -o target/image/gatehand "$target/debug/gatehand"
        ;;
    *)
        echo "scripts/image.sh: GATEHAND_IMAGE_PROFILE=$GATEHAND_IMAGE_PROFILE: release or dev" >&2
        exit 64
        ;;
    esac
    cargo tree --locked --edges normal --prefix none --format '{p} {l}' | sed 's| (/[^)]*)||' | sort -u >target/image/crates
    "$run" build --build-arg BINARY=context --target "$wanted" --tag "gatehand:$wanted" "$@" .
}

case "${1:-}" in
build) build "${@:2}" ;;
test)
    build demo
    export GATEHAND_TEST_CONTAINERS=$run GATEHAND_TEST_PYTHON=$target/python
    tests/python/setup.sh "$GATEHAND_TEST_PYTHON"
    cargo test --locked --test image -- --ignored --test-threads 3 "${@:2}"
    ;;
*)
    echo "usage: scripts/image.sh build [TARGET [OPTION...]] | test [TEST...]" >&2
    exit 64
    ;;
esac
