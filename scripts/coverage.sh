#!/bin/bash
# Line coverage by cargo-llvm-cov: `scripts/coverage.sh` of all tests, after `scripts/test.sh --prepare`;
# `scripts/coverage.sh pure` of the pure modules by their unit tests alone. Prints a table; the last line is the figure.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo llvm-cov --version >/dev/null 2>&1; then
    echo "coverage.sh: cargo-llvm-cov is missing: cargo install --locked cargo-llvm-cov" >&2
    exit 69
fi
# The tools must read the profiles of this compiler's LLVM: those of rustup's component do. A Rust from elsewhere brings
# its own: LLVM_COV and LLVM_PROFDATA name them.
tools=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
if [ -z "${LLVM_COV:-}" ] && [ ! -x "$tools/llvm-cov" ]; then
    echo "coverage.sh: llvm-cov is missing: rustup component add llvm-tools, or set LLVM_COV and LLVM_PROFDATA" >&2
    exit 69
fi

target="${CARGO_TARGET_DIR:-target}"
mkdir -p "$target"
target=$(cd "$target" && pwd)
export GATEHAND_TEST_JTS="$target/test/Jts"
export GATEHAND_TEST_PYTHON="$target/python"

pure='/(protocol/src|src/(agent|dialogs|screen|vision))/'
binding='/src/vision/tesseract[.]rs$'

cargo llvm-cov clean --workspace
case "${1:-all}" in
all) cargo llvm-cov --workspace --locked --no-report ;;
pure)
    cargo llvm-cov --package gatehand-protocol --lib --locked --no-report
    cargo llvm-cov --package gatehand --lib --locked --no-report -- agent:: dialogs:: screen:: vision::
    ;;
*)
    echo "usage: scripts/coverage.sh [all|pure]" >&2
    exit 64
    ;;
esac

# Of each file in the table the last columns are: lines, missed, cover, branches, missed, cover.
cargo llvm-cov report --summary-only | awk -v pure="$pure" -v binding="$binding" -v root="$PWD" '
    /[.]rs / {
        lines = $8; missed = $9
        printf "%6.1f %%  %5d lines  %s\n", lines ? 100 * (lines - missed) / lines : 100, lines, $1
        all += lines; all_missed += missed
        path = ($1 ~ /^src/ && root "/" $1 || 0) ? root "/" $1 : "/" $1
        if (path ~ pure && path !~ binding) { of_pure += lines; pure_missed += missed }
    }
    END {
        printf "pure modules: %.1f %% of %d lines\n", 100 * (of_pure - pure_missed) / of_pure, of_pure
        printf "all: %.1f %% of %d lines\n", 100 * (all - all_missed) / all, all
    }'
