#!/bin/bash
# Counts the voluntary context switches of an idle gatehand over 60 s on a still display: `run` at state Ready (its only
# timer is the API probe, every 30 s), and `vnc` without a viewer. Needs a release build and the stand-in (`make bench`).
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-target}"
program=$(realpath "$target/release/gatehand")
installation="${GATEHAND_TEST_JTS:-$(realpath "$target/test/Jts")}"
seconds="${1:-60}"
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT

switches() {
    cat /proc/"$1"/task/*/status | awk '/^voluntary_ctxt_switches/ { sum += $2 } END { print sum }'
}

report() {
    local before after
    before=$(switches "$2")
    sleep "$seconds"
    after=$(switches "$2")
    echo "$1: $((after - before)) voluntary context switches in $seconds s over $(ls /proc/"$2"/task | wc -l) threads"
}

mkdir "$folder/settings"
echo '{"api_port": 14002}' >"$folder/settings/scenario.json"
env TWS_PATH="$installation" TWS_SETTINGS_PATH="$folder/settings" GATEHAND_STATE_DIR="$folder/state" \
    GATEHAND_API_PORT=14002 TWS_PORT=14004 TWS_USERID=edemo TWS_PASSWORD=demouser \
    VNC_SERVER_PASSWORD=idle GATEHAND_VNC_LISTEN=127.0.0.1:15900 \
    "$program" run 2>"$folder/log" &
run=$!
until grep -q 'state=Ready' "$folder/log"; do
    kill -0 $run
    sleep 0.2
done
sleep 5
report "run" $run
number=$(sed -n 's/.*display=":\([0-9]*\)".*/\1/p' "$folder/log" | head -1)
env XAUTHORITY="$folder/state/display/xauthority" VNC_SERVER_PASSWORD=idle \
    "$program" vnc --display ":$number" --listen 127.0.0.1:15901 2>"$folder/vnc" &
vnc=$!
until grep -q 'viewers are served' "$folder/vnc"; do
    kill -0 $vnc
    sleep 0.2
done
sleep 2
report "vnc" $vnc
