#!/bin/sh
# Makes a Python environment with the programs that the tests talk to: tests/python/setup.sh DIR
# The tests look for it in target/python, or where GATEHAND_TEST_PYTHON says.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 64
fi
directory=$1
requirements=$(dirname "$0")/requirements.txt

if [ -e "$directory/complete" ] && cmp -s "$requirements" "$directory/complete"; then
    exit 0
fi
if ! python3 -c 'import ensurepip' 2>/dev/null; then
    echo "$0: python3 with venv is missing; apt-get install python3-venv" >&2
    exit 69
fi
python3 -m venv --clear "$directory"
"$directory/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
# Last: an environment that was interrupted is made anew.
cp "$requirements" "$directory/complete"
