#!/bin/bash
# Line coverage by cargo-llvm-cov: `scripts/coverage.sh` of all tests, after `scripts/test.sh --prepare`;
# `scripts/coverage.sh pure` of unit tests and of those that need neither a display nor a JVM, which is quicker.
# Prints a table of files, and the figures at its end.
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
export GATEHAND_TEST_NOVNC="$target/novnc"

# Pure is what opens nothing; the binding of the OCR library lives among it.
pure='^(protocol/src|src/(agent|dialogs|screen|vision))/'
binding='^src/vision/tesseract[.]rs$'

cargo llvm-cov clean --profraw-only
case "${1:-all}" in
all) cargo llvm-cov --workspace --locked --no-report ;;
pure)
    # Not by package: other features would mean another build.
    shopt -s nullglob
    tests=(--test dialogs --test vision_corpus)
    for file in protocol/tests/*.rs; do tests+=(--test "$(basename "$file" .rs)"); done
    cargo llvm-cov --workspace --lib "${tests[@]}" --locked --no-report
    ;;
*)
    echo "usage: scripts/coverage.sh [all|pure]" >&2
    exit 64
    ;;
esac

# In the lcov format SF is a file, LF its lines and LH those of them that ran.
cargo llvm-cov report --lcov --package gatehand --package gatehand-protocol |
    awk -F: -v pure="$pure" -v binding="$binding" -v root="$PWD/" '
    $1 == "SF" { file = $2; sub(root, "", file) }
    $1 == "LF" { lines = $2 }
    $1 == "LH" { ran = $2 }
    $1 == "end_of_record" {
        printf "%6.1f %%  %5d lines  %s\n", lines ? 100 * ran / lines : 100, lines, file
        all += lines; all_ran += ran
        if (file ~ pure && file !~ binding) { of_pure += lines; pure_ran += ran }
    }
    END {
        if (!all || !of_pure) exit 1
        printf "pure modules: %.1f %% of %d lines\n", 100 * pure_ran / of_pure, of_pure
        printf "all: %.1f %% of %d lines\n", 100 * all_ran / all, all
    }'
