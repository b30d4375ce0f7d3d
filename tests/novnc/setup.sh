#!/bin/sh
# Gets the noVNC of the image, which knows more security types than the one of Debian's package: tests/novnc/setup.sh DIR
# The tests look for it in target/novnc, or where GATEHAND_TEST_NOVNC says.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 64
fi
directory=$1
wanted=$(dirname "$0")/../../image/novnc

if [ -e "$directory/complete" ] && cmp -s "$wanted/package-lock.json" "$directory/complete"; then
    exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "$0: npm is missing; run scripts/setup.sh test" >&2
    exit 69
fi
rm -rf "$directory"
mkdir -p "$directory"
cp "$wanted/package.json" "$wanted/package-lock.json" "$directory"
npm --prefix "$directory" ci --ignore-scripts --no-audit --no-fund --silent
# Last: what was interrupted is done anew.
cp "$wanted/package-lock.json" "$directory/complete"
