#!/bin/bash
# Fuzzes the protocol crate by libFuzzer, on the stable toolchain: `scripts/fuzz.sh [SECONDS [TARGET]]`, 60 for all targets
# together. What it finds that is new stays in target/fuzz; `--keep` takes it into the repository, as few files as do.
# `scripts/fuzz.sh --coverage` tells which lines of the crate all that was found so far runs.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-target}/fuzz"
mkdir -p "$target"
target=$(cd "$target" && pwd)
keep='' coverage=''
case "${1:-}" in
--keep) keep=1 && shift ;;
--coverage) coverage=1 && shift ;;
esac
seconds=${1:-60}
targets=${2:-handshakes messages pictures}
triple=$(rustc -vV | sed -n 's/^host: //p')

build() {
    RUSTFLAGS=$1 CARGO_TARGET_DIR="$2" CARGO_PROFILE_RELEASE_LTO=thin \
        cargo build --quiet --release --locked --package gatehand-protocol-fuzz --target "$triple"
}

if [ -n "$coverage" ]; then
    tools=$(rustc --print sysroot)/lib/rustlib/$triple/bin
    profdata=${LLVM_PROFDATA:-$tools/llvm-profdata} cov=${LLVM_COV:-$tools/llvm-cov}
    if ! command -v "$profdata" >/dev/null; then
        echo "fuzz.sh: llvm-profdata is missing: rustup component add llvm-tools, or set LLVM_PROFDATA and LLVM_COV" >&2
        exit 69
    fi
    build "-Cinstrument-coverage" "$target/coverage"
    programs=()
    rm -f "$target"/*.profraw
    for name in $targets; do
        program="$target/coverage/$triple/release/$name"
        programs+=(-object "$program")
        LLVM_PROFILE_FILE="$target/$name.profraw" "$program" -runs=0 "protocol/fuzz/corpus/$name" \
            "$target/corpus/$name" 2> "$target/$name.log"
    done
    "$profdata" merge -o "$target/all.profdata" "$target"/*.profraw
    "$cov" report "${programs[@]:1}" -instr-profile "$target/all.profdata" -show-region-summary=false \
        -show-branch-summary=false -ignore-filename-regex='/(registry|rustc|fuzz|tests)/'
    exit
fi

# The coverage that libFuzzer goes by comes from a pass of LLVM, which needs no nightly compiler.
passes="-Cpasses=sancov-module"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    passes+=" -Cllvm-args=-sanitizer-coverage-$option"
done
build "$passes -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1" "$target"

set -- $targets
share=$(((seconds + $# - 1) / $#))
for name in $targets; do
    echo "== $name: $share s"
    committed="protocol/fuzz/corpus/$name"
    mkdir -p "$target/corpus/$name" "$target/faults" "$committed"
    program="$target/$triple/release/$name"
    "$program" "$target/corpus/$name" "$committed" -max_total_time="$share" -timeout=10 -rss_limit_mb=1024 \
        -malloc_limit_mb=64 -max_len=1024 -artifact_prefix="$target/faults/$name-" -print_final_stats=1 \
        2> "$target/$name.log" || {
        tail -40 "$target/$name.log"
        exit 1
    }
    grep -E "^(#.*DONE|stat::(number_of_executed_units|peak_rss_mb))" "$target/$name.log"
    if [ -n "$keep" ]; then
        mkdir -p "$target/kept"
        rm -rf "$target/kept/$name"
        mkdir "$target/kept/$name"
        "$program" -set_cover_merge=1 -use_counters=0 -use_cmp=0 "$target/kept/$name" "$committed" "$target/corpus/$name" 2> "$target/$name-merge.log"
        rm -rf "$committed"
        mv "$target/kept/$name" "$committed"
    fi
done
