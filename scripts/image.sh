#!/bin/bash
# Builds the image and tests it.
#   scripts/image.sh build [TARGET [OPTION...]]   builds gatehand:TARGET (demo unless told), with more options of the builder
#   scripts/image.sh test [TEST...]               builds the targets demo and portal and runs tests/image against them
#   scripts/image.sh compare [ROUNDS]             compares it with image/comparison, for docs/image.md
# Uses Docker where a daemon answers, else podman. The binary is compiled here, not in the image's build: it is the same
# Debian, and the crates are compiled already; GATEHAND_IMAGE_PROFILE=dev takes the one that the tests are compiled with.
# Where no registry can be reached the bases are made from Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}

unavailable() {
    echo "scripts/image.sh: $*" >&2
    exit 69
}

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
    unavailable "neither a Docker daemon nor podman is here: apt-get install podman buildah runc"
fi

# base NAME: pulls it, or makes what stands in for it.
base() {
    $run image inspect "$1" >/dev/null 2>&1 || $run pull -q "$1" >/dev/null 2>&1 || scripts/image-bases.sh "$run" "$1"
}

# The binary and the names of its crates, for BINARY=context.
compile() {
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
}

build() {
    local wanted=${1:-demo}
    [ $# -gt 0 ] && shift
    base debian:bookworm-slim || unavailable "no base to build on"
    base node:20-bookworm-slim || unavailable "no node to get noVNC by"
    "$run" run --rm --network none debian:bookworm-slim true || unavailable "$run cannot run a container here"
    case " $* " in
    *" BINARY=source "*) base rust:1-bookworm || unavailable "no Rust to compile with" ;;
    *) compile ;;
    esac
    # Whatever failed in it, the builder is there.
    "$run" build --build-arg BINARY=context --target "$wanted" --tag "gatehand:$wanted" "$@" . || exit 1
}

case "${1:-}" in
build) build "${@:2}" ;;
test)
    build demo
    build portal
    export GATEHAND_TEST_CONTAINERS=$run GATEHAND_TEST_PYTHON=$target/python
    tests/python/setup.sh "$GATEHAND_TEST_PYTHON"
    cargo test --workspace --locked --test image -- --ignored --test-threads 3 "${@:2}"
    ;;
compare)
    build demo
    "$run" build --file image/comparison/Dockerfile --tag gatehand:comparison .
    scripts/compare-images.py "$run" "${@:2}"
    ;;
*)
    echo "usage: scripts/image.sh build [TARGET [OPTION...]] | test [TEST...] | compare [ROUNDS]" >&2
    exit 64
    ;;
esac
