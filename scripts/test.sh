#!/bin/bash
# Prepares what the tests drive (stand-in gateway, Python clients, noVNC) and runs all tests.
# `--prepare` stops after the preparation.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-target}"
mkdir -p "$target"
target=$(cd "$target" && pwd)
export GATEHAND_TEST_JTS="$target/test/Jts"
export GATEHAND_TEST_PYTHON="$target/python"
export GATEHAND_TEST_NOVNC="$target/novnc"
fixtures/gateway/install.sh "$GATEHAND_TEST_JTS"
fixtures/gateway/install.sh "$GATEHAND_TEST_JTS" 1037 tws
tests/python/setup.sh "$GATEHAND_TEST_PYTHON"
tests/novnc/setup.sh "$GATEHAND_TEST_NOVNC"
[ "${1:-}" = --prepare ] && exit 0

# Most tests wait for a window or a process and not for the processor: three for each core keep the cores busy.
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --test-threads $(($(nproc) * 3)) "$@"
    cargo test --workspace --locked --doc
else
    echo "Without cargo-nextest the tests take twice as long: cargo install --locked cargo-nextest"
    cargo test --workspace --locked --no-fail-fast "$@"
fi
